import { ConsiliumError } from '@consilium/errors';

/** A closed vocabulary: what is not here is not asked of a PACS. */
export interface StudyQuery {
  readonly patientIds: readonly string[];
  readonly accessionNumbers: readonly string[];
  readonly studyInstanceUids: readonly string[];
  readonly modalities: readonly string[];
  readonly studyDate: DateRange | undefined;
  readonly studyDescription: string | undefined;
  readonly bodyPart: string | undefined;
}

/** `20240101`, both ends included; an open end is undefined. */
export interface DateRange {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export const QUERY_KEYS = [
  'PatientID',
  'AccessionNumber',
  'StudyInstanceUID',
  'ModalitiesInStudy',
  'StudyDate',
  'StudyDescription',
  'BodyPartExamined',
] as const;
type QueryKey = (typeof QUERY_KEYS)[number];

/** No wildcard: one patient is one patient. A comma separates alternatives, so none is in a value. */
const PLAIN = /^[^*?\\,\p{Cc}]{1,64}$/u;
const DESCRIPTION = /^[^\\\p{Cc}]{1,64}$/u;
const UID = /^(?=.{1,64}$)[0-9]+(\.[0-9]+)+$/;
const CODE = /^[A-Z0-9_ ]{1,16}$/;

/**
 * Reads `key=value` words; alternatives are joined by commas (not in StudyDescription, where * and ? are wildcards).
 *
 * Errors   none: problems are collected, so that all of them are reported at once.
 */
export function parseQuery(words: readonly string[], problems: string[]): StudyQuery {
  const given = new Map<QueryKey, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const key = QUERY_KEYS.find((known) => known === word.slice(0, Math.max(at, 0)));
    if (!key) problems.push(`--query: one of ${QUERY_KEYS.join(', ')}, then = and a value`);
    else if (given.has(key)) problems.push(`--query: ${key} is given twice; alternatives are joined by commas`);
    else given.set(key, word.slice(at + 1).trim());
  }
  const list = (key: QueryKey, pattern: RegExp) => {
    const text = given.get(key);
    if (text === undefined) return [];
    const values = [...new Set(text.split(',').map((value) => value.trim()))];
    if (!values.every((value) => pattern.test(value))) problems.push(`--query: ${key} has a value that it cannot have`);
    return values;
  };
  const one = (key: QueryKey, pattern: RegExp) => {
    const value = given.get(key);
    if (value !== undefined && !pattern.test(value)) problems.push(`--query: ${key} has a value that it cannot have`);
    return value;
  };
  return {
    patientIds: list('PatientID', PLAIN),
    accessionNumbers: list('AccessionNumber', PLAIN),
    studyInstanceUids: list('StudyInstanceUID', UID),
    modalities: list('ModalitiesInStudy', CODE),
    studyDate: dateRange(given.get('StudyDate'), problems),
    studyDescription: one('StudyDescription', DESCRIPTION),
    bodyPart: one('BodyPartExamined', CODE),
  };
}

function dateRange(text: string | undefined, problems: string[]): DateRange | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d{8})?(-)?(\d{8})?$/.exec(text.replace(/(\d{4})-(\d{2})-(\d{2})/g, '$1$2$3'));
  const from = parts?.[1];
  const to = parts?.[2] ? parts[3] : from;
  const areDates = [from, to].every((date) => date === undefined || isDate(date));
  if (!parts || !areDates || (from === undefined && to === undefined) || (from && to && from > to)) {
    problems.push('--query: StudyDate is a date or a range, as 20240101-20241231 or 20240101-');
    return undefined;
  }
  return { from, to };
}

function isDate(text: string): boolean {
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}

export type MatchKey =
  | 'PatientID'
  | 'AccessionNumber'
  | 'StudyInstanceUID'
  | 'ModalitiesInStudy'
  | 'StudyDate'
  | 'StudyDescription';

/** One question to a PACS: at most one value a key, because not every PACS understands a list. */
export type StudyMatch = Readonly<Partial<Record<MatchKey, string>>>;

const MOST_QUESTIONS = 10_000;

/**
 * The questions whose answers together are the query's: every combination of its alternatives.
 *
 * Errors   REQUEST_INVALID when that would be more than ten thousand.
 */
export function studyMatches(query: StudyQuery): StudyMatch[] {
  const alternatives: [MatchKey, readonly string[]][] = [
    ['PatientID', query.patientIds],
    ['AccessionNumber', query.accessionNumbers],
    ['StudyInstanceUID', query.studyInstanceUids],
    ['ModalitiesInStudy', query.modalities],
    ['StudyDate', query.studyDate ? [`${query.studyDate.from ?? ''}-${query.studyDate.to ?? ''}`] : []],
    ['StudyDescription', query.studyDescription ? [query.studyDescription] : []],
  ];
  const given = alternatives.filter(([, values]) => values.length > 0);
  if (given.reduce((product, [, values]) => product * values.length, 1) > MOST_QUESTIONS)
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'the query has too many combinations of alternatives' });
  return given.reduce<StudyMatch[]>(
    (matches, [key, values]) => matches.flatMap((match) => values.map((value) => ({ ...match, [key]: value }))),
    [{}],
  );
}

/** True when nothing narrows the query: all of the PACS would come. */
export function isUnbounded(query: StudyQuery): boolean {
  const { patientIds, accessionNumbers, studyInstanceUids, modalities, studyDate, studyDescription, bodyPart } = query;
  return (
    [patientIds, accessionNumbers, studyInstanceUids, modalities].every((values) => values.length === 0) &&
    [studyDate, studyDescription, bodyPart].every((value) => value === undefined)
  );
}
