import { listInstances, listSeries, listStudies } from './list-studies.js';
import { openPacs } from './open-pacs.js';
import type { FoundStudy, Pacs } from './pacs.js';
import type { FetchRequest, Preview } from './request.js';

/**
 * What a fetch would bring, asked of the PACS with queries alone: no pixel moves, nothing is written.
 *
 * Errors   as `openPacs`; PACS_UNREACHABLE, PACS_DENIED, PACS_REFUSED, PACS_ANSWER_INVALID, STOPPED.
 */
export async function previewStudies(request: FetchRequest, signal: AbortSignal): Promise<Preview> {
  const pacs = await openPacs(request, signal);
  try {
    return await countAll(pacs, request, signal);
  } finally {
    await pacs.close();
  }
}

async function countAll(pacs: Pacs, request: FetchRequest, signal: AbortSignal): Promise<Preview> {
  const [modalities, years] = [new Map<string, number>(), new Map<string, number>()];
  const total = { studies: 0, series: 0, instances: 0 };
  for await (const study of listStudies(pacs, request.query, signal)) {
    const { series, instances, modalities: found } = await sizeOf(pacs, study, request, signal);
    if (series === 0) continue; // none of its series is of the body part
    total.studies++;
    total.series += series;
    total.instances += instances;
    for (const modality of new Set(found)) add(modalities, modality);
    add(years, /^\d{4}/.exec(study.date)?.[0] ?? '');
  }
  return { ...total, modalities: sorted(modalities), years: sorted(years) };
}

interface Size {
  readonly series: number;
  readonly instances: number;
  readonly modalities: readonly string[];
}

/** As the PACS says it with the study; where it does not, the series and if need be the instances are asked for. */
async function sizeOf(pacs: Pacs, study: FoundStudy, { query }: FetchRequest, signal: AbortSignal): Promise<Size> {
  const { series: seriesCount, instances, modalities } = study;
  const isAllSaid = seriesCount !== undefined && instances !== undefined && modalities.length > 0;
  if (query.bodyPart === undefined && isAllSaid) return { series: seriesCount, instances, modalities };
  const series = await listSeries(pacs, study, query, signal);
  const found = { series: series.length, modalities: series.map(({ modality }) => modality) };
  if (series.every((it) => it.instances !== undefined))
    return { ...found, instances: series.reduce((sum, it) => sum + it.instances!, 0) };
  const listed = await listInstances(pacs, study, query, signal);
  return { ...found, instances: [...listed.values()].reduce((sum, { length }) => sum + length, 0) };
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
