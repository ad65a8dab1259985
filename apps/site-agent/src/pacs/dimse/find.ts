import { ConsiliumError } from '@consilium/errors';
import dimse, { type requests, type responses } from 'dcmjs-dimse';
import { UID } from '../inbox/identify.js';
import type { FoundInstance, FoundSeries, FoundStudy } from '../pacs.js';
import type { StudyMatch } from '../query.js';

type Answer = Readonly<Record<string, unknown>>;

const { CFindRequest } = dimse.requests;

export function studyRequest(match: StudyMatch): requests.CFindRequest {
  const { StudyDate, ...others } = match;
  const date = StudyDate === undefined ? {} : { StudyDate: rangeOf(StudyDate) };
  const isAscii = Object.values(match).every((value) => /^[\x20-\x7e]*$/.test(value));
  const characters = isAscii ? {} : { SpecificCharacterSet: 'ISO_IR 192' };
  return CFindRequest.createStudyFindRequest({ ...others, ...date, ...characters, PatientName: undefined });
}

/** `20240101-20240101` is a day to some and a range to none. */
function rangeOf(range: string): string {
  const [from, to] = range.split('-');
  return from === to ? from! : range;
}

export function seriesRequest(studyUid: string): requests.CFindRequest {
  return CFindRequest.createSeriesFindRequest({ StudyInstanceUID: studyUid, BodyPartExamined: '' });
}

export function imageRequest(studyUid: string, seriesUid: string): requests.CFindRequest {
  const keys = { StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, SOPClassUID: '' };
  return CFindRequest.createImageFindRequest(keys);
}

export function toStudy(answer: Answer): FoundStudy {
  return {
    studyUid: uidOf(answer, 'StudyInstanceUID'),
    date: textsOf(answer, 'StudyDate')[0] ?? '',
    modalities: textsOf(answer, 'ModalitiesInStudy'),
    series: countOf(answer, 'NumberOfStudyRelatedSeries'),
    instances: countOf(answer, 'NumberOfStudyRelatedInstances'),
  };
}

export function toSeries(answer: Answer): FoundSeries {
  return {
    seriesUid: uidOf(answer, 'SeriesInstanceUID'),
    modality: textsOf(answer, 'Modality')[0] ?? '',
    bodyPart: textsOf(answer, 'BodyPartExamined')[0] ?? '',
    instances: countOf(answer, 'NumberOfSeriesRelatedInstances'),
  };
}

export function toInstance(answer: Answer): FoundInstance {
  return { sopUid: uidOf(answer, 'SOPInstanceUID'), sopClassUid: textsOf(answer, 'SOPClassUID')[0] ?? '' };
}

/** The identifier of a pending answer; undefined for the last one, which has none. */
export function identifierOf(answer: responses.Response): Answer | undefined {
  return answer.getDataset()?.getElements();
}

/** The library gives a text, a list of them, or a number, as the value happens to be. */
function textsOf(answer: Answer, name: string): string[] {
  return [answer[name]]
    .flat()
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .flatMap((value) => String(value).split('\\'))
    .map((value) => value.replace(/\0+$/, '').trim())
    .filter((value) => value !== '');
}

function countOf(answer: Answer, name: string): number | undefined {
  const text = textsOf(answer, name)[0];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function uidOf(answer: Answer, name: string): string {
  const uid = textsOf(answer, name)[0] ?? '';
  if (!UID.test(uid)) throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an answer without its UID' });
  return uid;
}
