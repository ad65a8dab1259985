import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';
import { BYTES_PER_VALUE, type Layout, layoutDigest, layoutLength, sha256Hex } from './layout.js';

/** Size of every chunk but the last. Chunk i of the global model, of every delta and of every mask hold the same parameters. */
export const CHUNK_BYTES = 1 << 20;

/**
 * What a set of weights is, without its values. The payload is the raw little-endian float32 values in layout order,
 * cut into chunks of CHUNK_BYTES; `chunkDigests` are SHA-256, lower-case hex.
 */
export interface Manifest {
  readonly layoutDigest: string;
  readonly bytes: number;
  readonly chunkDigests: readonly string[];
}

/** The payload of weights as bytes, without a copy. The host must be little-endian, as every platform of Node is. */
export function payloadBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The values of a payload. Copies only if the bytes are not aligned to four. Errors  MANIFEST_INVALID. */
export function payloadValues(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % BYTES_PER_VALUE !== 0)
    throw new ConsiliumError('MANIFEST_INVALID', { bytes: bytes.byteLength });
  const aligned = bytes.byteOffset % BYTES_PER_VALUE === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / BYTES_PER_VALUE);
}

/** The chunks of a payload in order, as views. */
export function* chunksOf(payload: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < payload.byteLength; at += CHUNK_BYTES) yield payload.subarray(at, at + CHUNK_BYTES);
}

/** Number of bytes of chunk `index` of a payload of `bytes`. */
export function chunkLength(bytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, bytes - index * CHUNK_BYTES);
}

/** The manifest of `values`, which must have the layout's length. Errors  UPDATE_LAYOUT_MISMATCH. */
export function manifestOf(layout: Layout, values: Float32Array): Manifest {
  if (values.length !== layoutLength(layout))
    throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: layoutLength(layout), got: values.length });
  const payload = payloadBytes(values);
  return {
    layoutDigest: layoutDigest(layout),
    bytes: payload.byteLength,
    chunkDigests: [...chunksOf(payload)].map(sha256Hex),
  };
}

/** The digest that names a set of weights: SHA-256 of JCS{layoutDigest, bytes, chunkDigests}, lower-case hex. */
export function manifestDigest(m: Manifest): string {
  return sha256Hex(
    canonicalize({ layoutDigest: m.layoutDigest, bytes: m.bytes, chunkDigests: m.chunkDigests }) as string,
  );
}

/** Checks that a manifest could belong to `layout`. Errors  UPDATE_LAYOUT_MISMATCH, MANIFEST_INVALID. */
export function requireManifestFits(m: Manifest, layout: Layout): void {
  if (m.layoutDigest !== layoutDigest(layout)) throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH');
  if (m.bytes !== layoutLength(layout) * BYTES_PER_VALUE)
    throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { bytes: m.bytes });
  if (m.chunkDigests.length !== Math.ceil(m.bytes / CHUNK_BYTES))
    throw new ConsiliumError('MANIFEST_INVALID', { chunks: m.chunkDigests.length });
  if (!m.chunkDigests.every((d) => /^[0-9a-f]{64}$/.test(d))) throw new ConsiliumError('MANIFEST_INVALID');
}
