import { ConsiliumError } from '@consilium/errors';
import type { PixelFormat } from './pixel-format.js';
import { type StoredValues, valuesOf } from './stored-values.js';

const SEGMENTS_LIMIT = 15;

/**
 * One frame of RLE Lossless: a segment for every byte of every sample, the most significant byte first. Single bits come
 * packed, eight to a byte of one segment.
 *
 * Shapes   [rows, columns, samples], row-major.
 * Errors   DICOM_INVALID, DICOM_TRUNCATED (a segment holds less than a byte for every pixel).
 * Source   DICOM PS3.5 annex G.
 */
export function readRleFrame(frame: Uint8Array, format: PixelFormat): StoredValues {
  const { rows, columns, samples, bitsAllocated } = format;
  const pixels = rows * columns;
  if (bitsAllocated === 1) {
    const packed = new Uint8Array(Math.ceil(pixels / 8));
    unpackSegment(segmentsOf(frame, 1)[0]!, packed, 0, 1);
    return Uint8Array.from({ length: pixels }, (_, i) => (packed[i >>> 3]! >>> (i & 7)) & 1);
  }
  const bytesEach = bitsAllocated / 8;
  const step = samples * bytesEach;
  const out = new Uint8Array(pixels * step);
  segmentsOf(frame, step).forEach((segment, i) => {
    const sample = Math.floor(i / bytesEach);
    const byte = bytesEach - 1 - (i % bytesEach);
    unpackSegment(segment, out, sample * bytesEach + byte, step);
  });
  return valuesOf(out, format);
}

function segmentsOf(frame: Uint8Array, expected: number): Uint8Array[] {
  if (frame.length < 64) throw new ConsiliumError('DICOM_TRUNCATED', { rleBytes: frame.length });
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = view.getUint32(0, true);
  if (count !== expected || count > SEGMENTS_LIMIT)
    throw new ConsiliumError('DICOM_INVALID', { segments: count, expected });
  const starts = Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i, true));
  return starts.map((start, i) => {
    const end = starts[i + 1] ?? frame.length;
    if (start < 64 || end < start || end > frame.length) throw new ConsiliumError('DICOM_INVALID', { segment: i });
    return frame.subarray(start, end);
  });
}

/** PackBits into every `step`-th byte of `out`. Bytes beyond the picture are padding. */
function unpackSegment(segment: Uint8Array, out: Uint8Array, first: number, step: number): void {
  const end = out.length;
  let to = first;
  let at = 0;
  while (to < end && at < segment.length) {
    const control = segment[at++]!;
    if (control < 128) {
      const last = Math.min(at + control + 1, segment.length);
      for (; at < last && to < end; at++, to += step) out[to] = segment[at]!;
    } else if (control > 128) {
      if (at >= segment.length) break;
      const value = segment[at++]!;
      for (let run = 257 - control; run > 0 && to < end; run--, to += step) out[to] = value;
    }
  }
  if (to < end) throw new ConsiliumError('DICOM_TRUNCATED', { rlePixels: Math.floor((to - first) / step) });
}
