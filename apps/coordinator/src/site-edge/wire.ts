import type { MessageInitShape } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import { type ManifestSchema, Split, Stage, type Statistics as WireStatistics } from '@consilium/proto';
import type { Manifest } from '@consilium/tensors';
import type { Split as SplitWord } from '../generated/prisma/client.js';
import type { Stage as StageWord } from '../rounds/progress.service.js';
import type { Receipt } from '../rounds/update.service.js';

/** Messages of the wire to our types and back. Wire messages go no further than this folder. */
type WireManifest = { layoutDigest: Uint8Array; bytes: bigint; chunkDigests: Uint8Array[] };

const DIGEST_BYTES = 32;
const LONGEST_TEXT = 200;
const LONGEST_SENTENCE = 500;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Errors  REQUEST_INVALID. */
export function hexOf(digest: Uint8Array): string {
  if (digest.byteLength !== DIGEST_BYTES)
    throw new ConsiliumError('REQUEST_INVALID', { digestBytes: digest.byteLength });
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString('hex');
}

export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Errors  REQUEST_INVALID for a number beyond 2^53. */
export function countOf(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ConsiliumError('REQUEST_INVALID', { reason: 'a count beyond 2^53' });
  return Number(value);
}

/** A number that PostgreSQL's bigint can hold. Errors  REQUEST_INVALID. */
export function bigCountOf(value: bigint): bigint {
  return BigInt(countOf(value));
}

const LARGEST_INTEGER = 2 ** 31 - 1;

/** A number that PostgreSQL's integer can hold: a round, an epoch, a step, examples. Errors  REQUEST_INVALID. */
export function integerOf(value: number | bigint): number {
  if (value > LARGEST_INTEGER) throw new ConsiliumError('REQUEST_INVALID', { reason: 'a number beyond 2^31 - 1' });
  return Number(value);
}

/** A short text. Errors  REQUEST_INVALID. */
export function textOf(value: string): string {
  if (value.length === 0 || value.length > LONGEST_TEXT || value.includes('\0'))
    throw new ConsiliumError('REQUEST_INVALID', { length: value.length });
  return value;
}

/** A sentence for persons, cut to its length; it may be empty. Errors  REQUEST_INVALID for a text that no database holds. */
export function sentenceOf(value: string): string {
  if (value.includes('\0')) throw new ConsiliumError('REQUEST_INVALID', { length: value.length });
  return value.slice(0, LONGEST_SENTENCE).toWellFormed();
}

/** A list of at most so many. Errors  REQUEST_INVALID. */
export function listOf<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length > most) throw new ConsiliumError('REQUEST_INVALID', { length: values.length, most });
  return values;
}

/** An id that is no UUID is the id of no run. Errors  SITE_NOT_IN_COHORT. */
export function runIdOf(runId: string): string {
  if (!UUID.test(runId)) throw new ConsiliumError('SITE_NOT_IN_COHORT');
  return runId;
}

export function manifestFromWire(manifest: WireManifest | undefined): Manifest {
  if (manifest === undefined) throw new ConsiliumError('REQUEST_INVALID', { field: 'manifest' });
  return {
    layoutDigest: hexOf(manifest.layoutDigest),
    bytes: countOf(manifest.bytes),
    chunkDigests: manifest.chunkDigests.map(hexOf),
  };
}

export function manifestToWire(manifest: Manifest): MessageInitShape<typeof ManifestSchema> {
  return {
    layoutDigest: bytesOf(manifest.layoutDigest),
    bytes: BigInt(manifest.bytes),
    chunkDigests: manifest.chunkDigests.map(bytesOf),
  };
}

const SPLITS = { train: Split.TRAIN, validation: Split.VALIDATION, test: Split.TEST } as const satisfies Record<
  SplitWord,
  Split
>;

export function splitToWire(split: SplitWord): Split {
  return SPLITS[split];
}

/** Errors  REQUEST_INVALID. */
export function splitFromWire(split: Split): SplitWord {
  for (const [word, value] of Object.entries(SPLITS)) if (value === split) return word as SplitWord;
  throw new ConsiliumError('REQUEST_INVALID', { field: 'split' });
}

/** Errors  REQUEST_INVALID. */
export function stageFromWire(stage: Stage): StageWord {
  switch (stage) {
    case Stage.FETCHING:
      return 'fetching';
    case Stage.TRAINING:
      return 'training';
    case Stage.SENDING:
      return 'sending';
    case Stage.EVALUATING:
      return 'evaluating';
    // Beside the one that says nothing, any number that a newer or a hostile agent may send.
    default:
      throw new ConsiliumError('REQUEST_INVALID', { field: 'stage' });
  }
}

export function receiptToWire({ id, auditIndex, auditLeafHash }: Receipt) {
  return { id, auditIndex, auditLeafHash: Uint8Array.from(auditLeafHash) };
}

/** Statistics as packages/validation reads them; it checks every number. */
export function statisticsFromWire({ kind }: WireStatistics): unknown {
  switch (kind.case) {
    case 'segmentation':
      return {
        kind: kind.case,
        films: countOf(kind.value.films),
        structures: kind.value.structures.map((s) => ({
          emptyFilms: countOf(s.emptyFilms),
          diceSumMicro: countOf(s.diceSumMicro),
          iouSumMicro: countOf(s.iouSumMicro),
          truePositivePixels: countOf(s.truePositivePixels),
          falsePositivePixels: countOf(s.falsePositivePixels),
          falseNegativePixels: countOf(s.falseNegativePixels),
          trueNegativePixels: countOf(s.trueNegativePixels),
        })),
      };
    case 'classification':
      return {
        kind: kind.case,
        examples: countOf(kind.value.examples),
        classes: kind.value.classes.map(({ positives, negatives }) => ({
          positives: positives.map(countOf),
          negatives: negatives.map(countOf),
        })),
        confusion: kind.value.confusion.map(countOf),
      };
    case undefined:
      return null;
  }
}
