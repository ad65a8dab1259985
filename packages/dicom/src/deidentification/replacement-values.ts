import { valuesOf } from './element-text.js';
import type { RemovedValues } from './removed-values.js';

/** What stands for a removed value where a value must stand: nobody's, the same in every file. */
export const DUMMY_TEXTS: Readonly<Record<string, string>> = {
  AE: 'ANONYMIZED',
  AS: '000Y',
  CS: 'ANONYMIZED',
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: 'ANONYMIZED',
  LT: 'ANONYMIZED',
  PN: 'ANONYMIZED',
  SH: 'ANONYMIZED',
  ST: 'ANONYMIZED',
  TM: '000000',
  UC: 'ANONYMIZED',
  UR: 'urn:anonymized',
  UT: 'ANONYMIZED',
};

const MS_A_DAY = 86_400_000;

/** A date some days earlier; undefined for a text that is no date. The old form with dots is read too. */
function shiftDate(text: string, days: number): string | undefined {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 1000 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return new Date(date.getTime() - days * MS_A_DAY).toISOString().slice(0, 10).replaceAll('-', '');
}

/** A date with time; one without month or day cannot be shifted by days. */
function shiftDateTime(text: string, days: number): string | undefined {
  const match = /^(\d{8})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)$/.exec(text);
  const date = match === null ? undefined : shiftDate(match[1]!, days);
  return date === undefined ? undefined : date + match![2]!;
}

/** Times of day and offsets from UTC stay as they are when dates are shifted by whole days. */
function validTime(text: string): string | undefined {
  return /^\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?$/.test(text) ? text.replaceAll(':', '') : undefined;
}

/** A date, date with time, time or offset of one patient, `days` earlier; a dummy for what is none of them. */
export function shiftValue(vr: string, value: string, days: number): string {
  if (value === '') return '';
  if (vr === 'DA') return shiftDate(value, days) ?? DUMMY_TEXTS.DA!;
  if (vr === 'DT') return shiftDateTime(value, days) ?? DUMMY_TEXTS.DT!;
  if (vr === 'TM') return validTime(value) ?? DUMMY_TEXTS.TM!;
  return /^[+-]\d{4}$/.test(value) ? value : '';
}

const FORMS: Readonly<Record<string, RegExp>> = {
  CS: /^[A-Z0-9_ ]{0,16}$/i,
  DS: /^[-+0-9.eE]{0,20}$/,
  IS: /^[-+]?[0-9]{0,12}$/,
};

/** '' for what is not of its VR's form: a value that keeps to no form can say anything. Texts lose control characters. */
export function wellFormed(vr: string, text: string): string {
  const form = FORMS[vr];
  if (form !== undefined) return valuesOf(vr, text).every((value) => form.test(value)) ? text : '';
  return text.replace(vr === 'LO' || vr === 'SH' ? /\p{Cc}/gu : /[^\P{Cc}\t\n\f\r]/gu, '');
}

/** Defined terms of Image Type and Frame Type (PS3.3 C.7.6.1.1.2, C.8.16.1): no secret, even where a patient is called so. */
const DEFINED_TERMS: ReadonlySet<string> = new Set(
  (
    'ORIGINAL DERIVED MIXED PRIMARY SECONDARY AXIAL LOCALIZER VOLUME PERFUSION DIFFUSION FLOW_ENCODED FUNCTIONAL ' +
    'ANGIO CARDIAC DYNAMIC TOMO STATIC MAXIMUM MEAN NONE FILTERED OTHER PROJECTION REFORMATTED RESAMPLED'
  ).split(' '),
);

/** The values of a coded text but those that are public words. */
export function withoutDefinedTerms(text: string): string {
  return valuesOf('CS', text)
    .filter((value) => !DEFINED_TERMS.has(value))
    .join('\\');
}

/** Signs that a text speaks of a person, a day or a number, whatever the header says. */
const SUSPICIOUS = [
  /\S@\S/,
  /\bhttps?:/i,
  /(^|\D)(19|20)\d{2}[.\-/]?(0[1-9]|1[0-2])[.\-/]?(0[1-9]|[12]\d|3[01])(\D|$)/, // 20240131, 2024-01-31
  /(^|\D)\d{1,2}[.\-/]\d{1,2}[.\-/](19|20)?\d{2}(\D|$)/, // 31.01.2024
  /\d{7,}/,
  /\p{L}\^\p{L}/u, // Doe^Jane
  /\b(Mrs?|MRS|Ms|Miss|Dr|DR|Prof|PROF)\b[.: ]/, // not MR and MS, which are a modality and a disease
  /\b(patient|name|born|dob|mrn)\b[.: ]/i,
];

export function looksIdentifying(text: string): boolean {
  return SUSPICIOUS.some((pattern) => pattern.test(text));
}

/** Words after which persons are named; the capitalised words that follow go. */
const INTRODUCERS: ReadonlySet<string> = new Set(
  'by dr for mr mrs miss ms name nurse pat patient physician prof radiologist signed'.split(' '),
);

/** A text beyond this is not cleaned but removed: no description is that long. */
const CLEANED_CHARACTERS_AT_MOST = 65_536;

/**
 * A free text without the words that repeat a removed value or look like a person, a day, a number or an address.
 * What is left is plain words: a line that was cut often says nothing any more, and that is on purpose.
 */
export function cleanFreeText(text: string, removed: RemovedValues): string {
  if (text.length > CLEANED_CHARACTERS_AT_MOST) return '';
  let rest = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
  for (const phrase of removed.phrasesIn(rest)) rest = cutPhrase(rest, phrase);
  let isIntroduced = false;
  const kept: string[] = [];
  for (const word of rest.split(/\s+/)) {
    const bare = word.toLowerCase().replace(/[^\p{L}]/gu, '');
    isIntroduced =
      (INTRODUCERS.has(bare) && word !== 'MR' && word !== 'MS') || (isIntroduced && /^[\p{Lu}\p{P}]/u.test(word));
    if (!isIntroduced && !mustGo(word, removed)) kept.push(word);
  }
  const left = kept.join(' ').trim();
  return removed.isRepeatedIn(left) || looksIdentifying(left) ? '' : left;
}

function mustGo(word: string, removed: RemovedValues): boolean {
  const parts = word.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');
  if (parts.some((part) => removed.hasWord(part))) return true;
  return /\d{4,}|[@^]|:\/\//.test(word) || looksIdentifying(word) || /^\d+[./:-]\d+([./:-]\d+)?$/.test(word);
}

function cutPhrase(text: string, phrase: string): string {
  if (!phrase.includes(' ')) return text; // single words go with the others
  const pattern = phrase.split(' ').map(escapePattern).join('[^\\p{L}\\p{N}]+');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'giu'), ' ');
}

function escapePattern(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '\\$&');
}
