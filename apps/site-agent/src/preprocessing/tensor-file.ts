import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ConsiliumError } from '@consilium/errors';
import type { Example, ExampleSource } from '@consilium/training';

/**
 * The preprocessed examples of one part of a split, in one file: all pictures (float32), then all masks (one byte a pixel),
 * then all labels (int32), then the SHA-256 of everything before it. Plain data, so that it can go to the trainer's process.
 */
export interface TensorFile {
  readonly path: string;
  readonly count: number;
  /** Pixels of one picture. */
  readonly pixels: number;
  readonly has: 'mask' | 'label';
}

const DIGEST_BYTES = 32;
const COPIED_AT_ONCE_BYTES = 1 << 20;

export function payloadBytesOf(file: Omit<TensorFile, 'path'>): number {
  return file.count * (file.pixels * 4 + (file.has === 'mask' ? file.pixels : 4));
}

/** With its digest: as it lies on the disk. */
export function fileBytesOf(file: Omit<TensorFile, 'path'>): number {
  return payloadBytesOf(file) + DIGEST_BYTES;
}

/** True for a file that is there, has its size, and whose bytes have their digest. */
export async function isWhole(file: TensorFile): Promise<boolean> {
  const found = await stat(file.path).catch(() => undefined);
  if (found?.size !== fileBytesOf(file)) return false;
  return hasItsDigest(file);
}

function hasItsDigest(file: TensorFile): boolean {
  const descriptor = openSync(file.path, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(COPIED_AT_ONCE_BYTES);
    const end = payloadBytesOf(file);
    for (let at = 0; at < end; ) {
      const bytes = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - at), at);
      if (bytes === 0) return false;
      hash.update(buffer.subarray(0, bytes));
      at += bytes;
    }
    const digest = Buffer.alloc(DIGEST_BYTES);
    readSync(descriptor, digest, 0, DIGEST_BYTES, end);
    return hash.digest().equals(digest);
  } finally {
    closeSync(descriptor);
  }
}

/** Examples read from the file as they are asked for: memory does not grow with the dataset. `close` gives the file back. */
export function openTensorFile(file: TensorFile): ExampleSource & { close(): void } {
  const descriptor = openSync(file.path, 'r');
  const tailStart = file.count * file.pixels * 4;
  const fill = (target: Uint8Array, position: number) => {
    const bytes = readSync(descriptor, target, 0, target.length, position);
    if (bytes !== target.length) throw new ConsiliumError('DATASET_CORRUPT', { bytes, expected: target.length });
  };
  return {
    count: file.count,
    read(index: number): Example {
      if (!(index >= 0 && index < file.count)) throw new ConsiliumError('INTERNAL', { index, count: file.count });
      const image = new Float32Array(file.pixels);
      fill(new Uint8Array(image.buffer), index * file.pixels * 4);
      if (file.has === 'mask') {
        const mask = new Uint8Array(file.pixels);
        fill(mask, tailStart + index * file.pixels);
        return { image, mask };
      }
      const label = new Int32Array(1);
      fill(new Uint8Array(label.buffer), tailStart + index * 4);
      return { image, label: label[0]! };
    },
    close: () => closeSync(descriptor),
  };
}
