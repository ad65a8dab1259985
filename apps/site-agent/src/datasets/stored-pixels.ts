import { ConsiliumError } from '@consilium/errors';
import type { BlobStore } from './blob-store.js';
import type { IndexExample, StoredPixels } from './dataset-index.js';

/** Stores grey values in two bytes each where that is exact (whole numbers over less than 65,536 steps), in four otherwise. */
export async function storePixels(grey: Float32Array, blobs: BlobStore): Promise<StoredPixels> {
  const offset = exactOffset(grey);
  if (offset === undefined) return { digest: await blobs.put(bytesOf(grey)), kind: 'float32' };
  const values = new Uint16Array(grey.length);
  for (let i = 0; i < grey.length; i++) values[i] = grey[i]! - offset;
  return { digest: await blobs.put(bytesOf(values)), kind: 'uint16', offset };
}

/** Errors  DATASET_CORRUPT. */
export async function loadPixels(example: IndexExample, blobs: BlobStore): Promise<Float32Array> {
  const { image, rows, columns } = example;
  const bytes = await blobs.get(image.digest);
  requireBytes(bytes, rows * columns * (image.kind === 'uint16' ? 2 : 4));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  if (image.kind === 'float32') return new Float32Array(buffer);
  const grey = new Float32Array(new Uint16Array(buffer));
  for (let i = 0; i < grey.length; i++) grey[i]! += image.offset;
  return grey;
}

/** Errors  DATASET_CORRUPT. */
export async function loadMask(example: IndexExample, blobs: BlobStore): Promise<Uint8Array> {
  const bytes = await blobs.get(example.mask ?? '');
  requireBytes(bytes, example.rows * example.columns);
  return bytes;
}

function requireBytes(bytes: Uint8Array, expected: number): void {
  if (bytes.length !== expected) throw new ConsiliumError('DATASET_CORRUPT', { bytes: bytes.length, expected });
}

function exactOffset(grey: Float32Array): number | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of grey) {
    if (!Number.isInteger(value)) return undefined;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high - low <= 0xffff ? low : undefined;
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
