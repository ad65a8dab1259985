import { type ContactSheetPicture, drawContactSheet } from '@consilium/dicom';
import { encode } from 'fast-png';
import { resize, resizeMask } from '../preprocessing/resize.js';
import type { BlobStore } from './blob-store.js';
import type { DatasetIndex, IndexExample } from './dataset-index.js';
import { loadMask, loadPixels } from './stored-pixels.js';

const THUMBNAILS = 64;
const ACROSS = 8;
const SIDE_PIXELS = 128;

/**
 * What the model will see of a dataset, as the bytes of a PNG: up to 64 pictures, spread over labels, vendors and parts, with
 * the outlines of their masks. Always the same ones of a version.
 *
 * Errors   DATASET_CORRUPT.
 */
export async function contactSheetOf(index: DatasetIndex, blobs: BlobStore): Promise<Uint8Array> {
  const pictures: ContactSheetPicture[] = [];
  for (const example of spread(index.examples, THUMBNAILS)) pictures.push(await thumbnail(example, blobs));
  const sheet = drawContactSheet(pictures, { across: Math.min(ACROSS, pictures.length) });
  return encode({ ...sheet, channels: 1, depth: 8 });
}

/** From each group in turn, in the order of the ids, which are as good as random. */
export function spread(examples: readonly IndexExample[], count: number): IndexExample[] {
  const groups = new Map<string, IndexExample[]>();
  for (const example of examples) {
    const { label, manufacturer, part, mask } = example;
    const name = JSON.stringify([label, manufacturer, part, mask !== null]);
    const group = groups.get(name) ?? [];
    if (group.length < count) group.push(example);
    groups.set(name, group);
  }
  const chosen: IndexExample[] = [];
  for (let turn = 0; turn < count; turn++)
    for (const { [turn]: example } of groups.values()) if (example && chosen.length < count) chosen.push(example);
  return chosen;
}

async function thumbnail(example: IndexExample, blobs: BlobStore): Promise<ContactSheetPicture> {
  const { rows, columns } = example;
  const scale = SIDE_PIXELS / Math.max(rows, columns);
  const side = (length: number) => Math.max(Math.round(length * scale), 1);
  const from = { height: rows, width: columns };
  const to = { height: side(rows), width: side(columns) };
  const grey = resize(await loadPixels(example, blobs), from, to);
  const mask = example.mask === null ? undefined : resizeMask(await loadMask(example, blobs), from, to);
  return { rows: to.height, columns: to.width, grey, ...(mask && { mask }) };
}
