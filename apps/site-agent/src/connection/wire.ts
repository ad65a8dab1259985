import type { MessageInitShape } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import {
  type ManifestSchema,
  Split,
  type StatisticsSchema,
  type Manifest as WireManifest,
  type Receipt as WireReceipt,
  type ScoreEdges as WireScoreEdges,
} from '@consilium/proto';
import { type Manifest, manifestDigest, sha256Hex } from '@consilium/tensors';
import {
  requireValidScoreEdges,
  type ScoreEdges,
  type Statistics,
  type StatisticsShape,
  scoreEdgesText,
} from '@consilium/validation';
import type { Part } from '../datasets/image.js';
import type { Receipt } from '../stages.js';

/** Wire messages stop here: what goes further is of our own types. */

const DIGEST_BYTES = 32;

export function digestHex(bytes: Uint8Array): string {
  if (bytes.length !== DIGEST_BYTES) throw new ConsiliumError('REQUEST_INVALID', { digestBytes: bytes.length });
  return Buffer.from(bytes).toString('hex');
}

export function digestBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

/** Errors  MANIFEST_INVALID when it is missing or is not the one that `digest` names. */
export function manifestFromWire(wire: WireManifest | undefined, digest: string): Manifest {
  if (!wire) throw new ConsiliumError('MANIFEST_INVALID', { problem: 'missing' });
  const manifest = {
    layoutDigest: digestHex(wire.layoutDigest),
    bytes: Number(wire.bytes),
    chunkDigests: wire.chunkDigests.map(digestHex),
  };
  if (manifestDigest(manifest) !== digest) throw new ConsiliumError('MANIFEST_INVALID', { problem: 'other digest' });
  return manifest;
}

export function manifestToWire(manifest: Manifest): MessageInitShape<typeof ManifestSchema> {
  return {
    layoutDigest: digestBytes(manifest.layoutDigest),
    bytes: BigInt(manifest.bytes),
    chunkDigests: manifest.chunkDigests.map(digestBytes),
  };
}

/** Errors  INTERNAL when the coordinator gave none. */
export function receiptFromWire(wire: WireReceipt | undefined): Receipt {
  if (!wire) throw new ConsiliumError('INTERNAL', { problem: 'an answer without a receipt' });
  return { id: wire.id, auditIndex: Number(wire.auditIndex), auditLeafHash: wire.auditLeafHash };
}

const PARTS_OF_WIRE: Readonly<Record<number, Part>> = {
  [Split.TRAIN]: 'train',
  [Split.VALIDATION]: 'validation',
  [Split.TEST]: 'test',
};

/** Errors  REQUEST_INVALID. */
export function partFromWire(split: Split): Part {
  const part = PARTS_OF_WIRE[split];
  if (!part) throw new ConsiliumError('REQUEST_INVALID', { split });
  return part;
}

/** Errors  EVALUATION_INVALID. */
export function scoreEdgesFromWire(wire: readonly WireScoreEdges[], shape: StatisticsShape): ScoreEdges {
  return requireValidScoreEdges(
    wire.map(({ edges }) => edges),
    shape,
  );
}

/** Of none there is no digest. */
export function scoreEdgesDigest(wire: readonly WireScoreEdges[]): string {
  return wire.length === 0 ? '' : sha256Hex(scoreEdgesText(wire.map(({ edges }) => edges)));
}

export function statisticsToWire(statistics: Statistics): MessageInitShape<typeof StatisticsSchema> {
  const counts = (values: readonly number[]) => values.map(BigInt);
  if (statistics.kind === 'segmentation') {
    const structures = statistics.structures.map((s) => ({
      emptyFilms: BigInt(s.emptyFilms),
      diceSumMicro: BigInt(s.diceSumMicro),
      iouSumMicro: BigInt(s.iouSumMicro),
      truePositivePixels: BigInt(s.truePositivePixels),
      falsePositivePixels: BigInt(s.falsePositivePixels),
      falseNegativePixels: BigInt(s.falseNegativePixels),
      trueNegativePixels: BigInt(s.trueNegativePixels),
    }));
    return { kind: { case: 'segmentation', value: { films: BigInt(statistics.films), structures } } };
  }
  const classes = statistics.classes.map((c) => ({ positives: counts(c.positives), negatives: counts(c.negatives) }));
  const value = { examples: BigInt(statistics.examples), classes, confusion: counts(statistics.confusion) };
  return { kind: { case: 'classification', value } };
}
