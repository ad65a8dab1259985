import { ConsiliumError } from '@consilium/errors';
import type { DicomHeader } from '../parsing/header.js';
import { ageYears, type StatedAge } from './age.js';
import { type Pseudonym, pseudonym, requireKey } from './keyed.js';

export type Sex = 'F' | 'M' | 'O' | 'unknown';

/** What may be known of a picture after de-identification. An unknown text is ''. */
export interface DeidentifiedHeader {
  readonly patient: Pseudonym;
  readonly study: Pseudonym;
  readonly series: Pseudonym;
  readonly instance: Pseudonym;
  readonly sex: Sex;
  /** Ten years: '0-9' ... '80-89', then '90+'; 'unknown' if the file does not say. */
  readonly ageBand: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly viewPosition: string;
}

/**
 * Keeps an allow-list of a header and replaces the identifiers by keyed pseudonyms; everything else is dropped.
 * The patient is `options.patientId` if given (a label table may know better), else PatientID, else the study: a file
 * without a PatientID is then a patient of its own study.
 *
 * Privacy  texts are cut, stripped of control and unusual characters, and dropped if they repeat an identifier of the header.
 * Errors   CONFIG_INVALID (key too short), DICOM_INVALID (nothing that names the picture).
 * Source   DICOM PS3.15 annex E with Retain Patient Characteristics and Retain Device Identity, narrowed to an allow-list;
 *          HMAC-SHA-256, RFC 2104, cut to 128 bits.
 */
export function deidentify(
  header: DicomHeader,
  key: Uint8Array,
  options: { readonly patientId?: string } = {},
): DeidentifiedHeader {
  requireKey(key);
  const study = header.studyInstanceUid || header.sopInstanceUid;
  const patient = options.patientId || header.patientId || study;
  const instance = header.sopInstanceUid;
  if (!patient || !study || !instance) throw new ConsiliumError('DICOM_INVALID', { missing: 'identifiers' });
  const identifiers = identifiersOf(header, options.patientId);
  return {
    patient: pseudonym(key, 'patient', patient),
    study: pseudonym(key, 'study', study),
    series: pseudonym(key, 'series', header.seriesInstanceUid || study),
    instance: pseudonym(key, 'instance', instance),
    sex: sexOf(header.patientSex),
    ageBand: ageBandOf(header),
    manufacturer: cleanText(header.manufacturer, identifiers),
    model: cleanText(header.manufacturerModelName, identifiers),
    modality: cleanCode(header.modality, identifiers),
    bodyPart: cleanCode(header.bodyPartExamined, identifiers),
    viewPosition: cleanCode(header.viewPosition, identifiers),
  };
}

function sexOf(text: string): Sex {
  return text === 'F' || text === 'M' || text === 'O' ? text : 'unknown';
}

function ageBandOf(stated: StatedAge): string {
  const years = ageYears(stated);
  if (years === undefined) return 'unknown';
  const from = Math.floor(years / 10) * 10;
  return from >= 90 ? '90+' : `${from}-${from + 9}`;
}

/** What a kept text must not repeat; words have at least three characters. */
interface Identifiers {
  readonly words: ReadonlySet<string>;
  readonly institution: string;
}

function identifiersOf(header: DicomHeader, patientId = ''): Identifiers {
  const sources = [
    patientId,
    header.patientId,
    header.patientName,
    header.patientBirthDate,
    header.accessionNumber,
    header.referringPhysicianName,
    header.deviceSerialNumber,
  ];
  const words = sources.flatMap(wordsOf).filter((word) => word.length >= 3);
  // Of a hospital's name only the whole counts: vendors and hospitals share the names of cities.
  return { words: new Set(words), institution: wordsOf(header.institutionName).join(' ') };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function repeatsIdentifier(text: string, { words, institution }: Identifiers): boolean {
  const own = wordsOf(text);
  return own.some((word) => words.has(word)) || (institution !== '' && own.join(' ').includes(institution));
}

function cleanText(text: string, identifiers: Identifiers): string {
  if (repeatsIdentifier(text, identifiers)) return '';
  return text
    .slice(0, 64)
    .replace(/[^A-Za-z0-9 ._+/()&,-]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function cleanCode(text: string, identifiers: Identifiers): string {
  const code = text.toUpperCase();
  return /^[A-Z0-9_ ]{1,16}$/.test(code) && !repeatsIdentifier(code, identifiers) ? code : '';
}
