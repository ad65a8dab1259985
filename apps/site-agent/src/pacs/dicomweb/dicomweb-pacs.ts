import { ConsiliumError, errorCode } from '@consilium/errors';
import { throwIfStopped } from '../../platform/stopping.js';
import { UID } from '../inbox/identify.js';
import { networkError } from '../network-error.js';
import type { Counted, FoundInstance, FoundSeries, FoundStudy, Intake, Pacs, Portion } from '../pacs.js';
import type { StudyMatch } from '../query.js';
import { countOf, type JsonDataset, parseDatasets, textOf, textsOf } from './dicom-json.js';
import type { HttpService } from './http.js';
import { boundaryOf, parseMultipart } from './multipart.js';
import { stow } from './stow.js';

const JSON_TYPE = 'application/dicom+json';
/** Whatever the object is stored in; without this a server may turn it into explicit VR little endian. */
const OBJECTS = 'multipart/related; type="application/dicom"; transfer-syntax=*';
const PAGE = 200;
/** Objects of one connection that are read, but not yet booked. */
const MOST_PENDING = 64;

/** A PACS that speaks DICOMweb (PS3.18). Every URL is made here: those that an answer offers are never followed. */
export class DicomwebPacs implements Pacs {
  constructor(private readonly http: HttpService) {}

  async echo(signal: AbortSignal): Promise<void> {
    await this.query('/studies', { limit: '1' }, signal);
  }

  async *studies(match: StudyMatch, limit: number | undefined, signal: AbortSignal): AsyncGenerator<FoundStudy> {
    const fields = { includefield: ['00080061', '00201206', '00201208'] };
    for await (const dataset of this.pages('/studies', { ...match, ...fields }, { limit }, signal)) {
      const modalities = textsOf(dataset, '00080061');
      yield {
        studyUid: uidOf(dataset, '0020000D'),
        date: textOf(dataset, '00080020'),
        modalities: modalities.filter((modality) => modality !== ''),
        series: countOf(dataset, '00201206'),
        instances: countOf(dataset, '00201208'),
      };
    }
  }

  async series({ studyUid, count }: Counted<'studyUid'>, signal: AbortSignal): Promise<FoundSeries[]> {
    const found: FoundSeries[] = [];
    const fields = { includefield: ['00180015', '00201209'] };
    for await (const dataset of this.pages(`/studies/${studyUid}/series`, fields, { count }, signal))
      found.push({
        seriesUid: uidOf(dataset, '0020000E'),
        modality: textOf(dataset, '00080060'),
        bodyPart: textOf(dataset, '00180015'),
        instances: countOf(dataset, '00201209'),
      });
    return found;
  }

  async instances(
    { studyUid, seriesUid, count }: Counted<'studyUid' | 'seriesUid'>,
    signal: AbortSignal,
  ): Promise<FoundInstance[]> {
    const found: FoundInstance[] = [];
    const path = `/studies/${studyUid}/series/${seriesUid}/instances`;
    for await (const dataset of this.pages(path, {}, { count }, signal))
      found.push({ sopUid: uidOf(dataset, '00080018'), sopClassUid: textOf(dataset, '00080016') });
    return found;
  }

  async retrieve({ studyUid, seriesUid, instances, isWhole }: Portion, intake: Intake, signal: AbortSignal) {
    const series = seriesUid === undefined ? '' : `/series/${seriesUid}`;
    const paths = isWhole
      ? [`/studies/${studyUid}${series}`]
      : instances.map(({ sopUid }) => `/studies/${studyUid}${series}/instances/${sopUid}`);
    const refusals: unknown[] = [];
    for (const path of paths)
      await this.retrieveOne(path, intake, signal).catch((error) => {
        // One instance that it does not have says nothing of the others.
        if (errorCode(error) !== 'PACS_REFUSED') throw error;
        refusals.push(error);
      });
    if (refusals.length === paths.length) throw refusals[0];
  }

  send(files: readonly string[], signal: AbortSignal): Promise<string[]> {
    return stow(this.http, files, signal);
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private async retrieveOne(path: string, intake: Intake, signal: AbortSignal): Promise<void> {
    const { body, contentType } = await this.http.ask({ method: 'GET', path, accept: OBJECTS }, signal);
    const pending = new Set<Promise<unknown>>();
    try {
      for await (const part of parseMultipart(body, boundaryOf(contentType))) {
        const { booked } = await intake.receive(part.body, signal);
        const settled = booked.finally(() => pending.delete(settled));
        settled.catch(() => {}); // it is awaited below
        pending.add(settled);
        if (pending.size >= MOST_PENDING) await Promise.race(pending);
      }
      await Promise.all(pending);
    } catch (error) {
      body.destroy();
      // What was whole stays: it is booked before the failure is reported.
      await Promise.allSettled(pending);
      throw networkError(error, signal);
    }
  }

  /**
   * Pages of a QIDO-RS answer. A server may give fewer than it was asked for and have more: only an empty page, the same page
   * again (it knows no paging), or as many as there are, is the end.
   */
  private async *pages(
    path: string,
    parameters: Record<string, string | string[]>,
    {
      limit = Number.POSITIVE_INFINITY,
      count,
    }: { readonly limit?: number | undefined; readonly count?: number | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<JsonDataset> {
    let offset = 0;
    let before = '';
    while (offset < limit) {
      throwIfStopped(signal);
      const page = Math.min(PAGE, limit - offset);
      const text = await this.query(path, { ...parameters, limit: String(page), offset: String(offset) }, signal);
      const datasets = parseDatasets(text);
      if (datasets.length === 0 || text === before) return;
      before = text;
      yield* datasets;
      offset += datasets.length;
      if (datasets.length < page && count !== undefined && offset >= count) return;
    }
  }

  private query(path: string, parameters: Record<string, string | string[]>, signal: AbortSignal): Promise<string> {
    const search = new URLSearchParams();
    for (const [name, values] of Object.entries(parameters)) for (const v of [values].flat()) search.append(name, v);
    return this.http.text({ method: 'GET', path: `${path}?${search}`, accept: JSON_TYPE }, signal);
  }
}

/** It becomes part of a path, and of a row: nothing else than digits and dots may. */
function uidOf(dataset: JsonDataset, tag: string): string {
  const uid = textOf(dataset, tag);
  if (!UID.test(uid)) throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an answer without its UID' });
  return uid;
}
