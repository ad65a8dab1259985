import {
  type BurnedInVerdict,
  burnedInVerdict,
  type Codecs,
  greyWithRemarks,
  openImage,
  type PictureRemark,
  scanHeader,
} from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { DecodedFile, DecodedFrame } from './decoded-file.js';

/** All frames of one file as they are handed on. */
const LARGEST_DECODED_BYTES = 512 * 2 ** 20;

/** Frames that are searched for text; what is burned into one is mostly in all of them. */
const SEARCHED_FRAMES = 6;

/** Errors  those of `readImage`; DICOM_TOO_LARGE also where the frames together would not fit into a thread's memory. */
export function decodeFile(bytes: Uint8Array, codecs: Codecs, searchText = false): DecodedFile {
  const open = openImage(bytes, codecs);
  const { rows, columns, frames: count } = open.format;
  const decodedBytes = count * rows * columns * Float32Array.BYTES_PER_ELEMENT;
  if (decodedBytes > LARGEST_DECODED_BYTES)
    throw new ConsiliumError('DICOM_TOO_LARGE', { rows, columns, frames: count });
  const frames: DecodedFrame[] = [];
  const remarks = new Set<PictureRemark>();
  let pixelSpacingMm: DecodedFile['pixelSpacingMm'];
  for (let i = 0; i < count; i++) {
    const frame = open.readFrame(i);
    pixelSpacingMm ??= frame.pixelSpacingMm;
    const { grey, remarks: found } = greyWithRemarks(frame);
    for (const remark of found) remarks.add(remark);
    frames.push({ grey, place: frame.place, acquisition: open.acquisitionOf(i) });
  }
  const { header, instanceNumber, frameOfReferenceUid } = open;
  const read = { header, instanceNumber, frameOfReferenceUid };
  const decoded = { ...read, rows, columns, frames, pixelSpacingMm, remarks: [...remarks].sort() };
  return searchText ? { ...decoded, burnedIn: verdictOf(bytes, decoded) } : decoded;
}

function verdictOf(bytes: Uint8Array, { rows, columns, frames }: DecodedFile): BurnedInVerdict['verdict'] {
  const step = Math.max((frames.length - 1) / (SEARCHED_FRAMES - 1), 1);
  const searched = new Set(Array.from({ length: SEARCHED_FRAMES }, (_, i) => Math.round(i * step)));
  const pictures = frames.filter((_, i) => searched.has(i)).map(({ grey }) => ({ rows, columns, grey }));
  return burnedInVerdict(scanHeader(bytes).textFacts, pictures).verdict;
}
