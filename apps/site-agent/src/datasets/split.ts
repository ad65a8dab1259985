import { createHmac } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import { PARTS, type Part } from './image.js';

/** Share of the patients in each part, where the label table does not say. They add up to 1. */
export type Shares = Readonly<Record<Part, number>>;

export const USUAL_SHARES: Shares = { train: 0.6, validation: 0.15, test: 0.25 };

/** Reads `60,15,25`: percent to train, to validate and to test. Errors  REQUEST_INVALID. */
export function parseShares(text: string): Shares {
  const percent = text.split(',').map((part) => (/^[1-9]\d?$/.test(part) ? Number(part) : Number.NaN));
  if (percent.length !== PARTS.length || percent.reduce((a, b) => a + b, 0) !== 100)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: 'shares are three whole numbers that add up to 100: train,validation,test',
    });
  const [train, validation, test] = percent.map((p) => p / 100) as [number, number, number];
  return { train, validation, test };
}

export interface SplitPatient {
  readonly pseudonym: string;
  /** Patients of one stratum are spread over the parts by the shares: label and sex. */
  readonly stratum: string;
}

/**
 * Puts each patient into one part of the split. Patients are ordered by stratum and, within it, by a keyed hash; each in
 * turn goes where its part is furthest behind its share. So every stratum is spread, the whole has the shares to within one
 * patient, and the same key and patients always give the same split, in whatever order they come. Patients who are settled
 * already keep their part and count for the shares: adding patients moves nobody.
 *
 * Errors   DATASET_SPLIT_EMPTY.
 */
export function splitPatients(
  patients: readonly SplitPatient[],
  key: Uint8Array,
  shares: Shares = USUAL_SHARES,
  settled: ReadonlyMap<string, Part> = new Map(),
): Map<string, Part> {
  const ordered = patients
    .map((patient) => ({ ...patient, hash: splitHash(key, patient.pseudonym) }))
    .sort((a, b) => compareText(a.stratum, b.stratum) || compareText(a.hash, b.hash));
  const parts = new Map<string, Part>(settled);
  const counts: Record<Part, number> = { train: 0, validation: 0, test: 0 };
  for (const part of settled.values()) counts[part] += 1;
  ordered.forEach(({ pseudonym }, i) => {
    const behind = (part: Part) => shares[part] * (settled.size + i + 1) - counts[part];
    const part = PARTS.reduce((best, next) => (behind(next) > behind(best) ? next : best));
    counts[part] += 1;
    parts.set(pseudonym, part);
  });
  requireNoEmptyPart(counts);
  return parts;
}

/** Errors  DATASET_SPLIT_EMPTY, naming the part. */
export function requireNoEmptyPart(counts: Readonly<Record<Part, number>>): void {
  for (const part of PARTS)
    if (counts[part] === 0)
      throw new ConsiliumError('DATASET_SPLIT_EMPTY', {
        part,
        train: counts.train,
        validation: counts.validation,
        test: counts.test,
      });
}

function splitHash(key: Uint8Array, pseudonym: string): string {
  return createHmac('sha256', key).update(`split\0${pseudonym}`).digest('hex');
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
