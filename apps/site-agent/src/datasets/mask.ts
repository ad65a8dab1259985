import { ConsiliumError } from '@consilium/errors';
import { decode } from 'fast-png';

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and type of the first chunk (IHDR) come before the sizes. */
const SIZE_OFFSET = 16;

/**
 * Reads a mask from a PNG of any depth: a pixel is 1 where any of its colours is not zero; alpha does not count.
 *
 * Shapes   [rows, columns], row-major, 0 or 1.
 * Errors   MASK_INVALID, MASK_SIZE_MISMATCH (found in the head, before anything of a hostile size is allocated).
 */
export function readMask(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (head.length < SIZE_OFFSET + 8 || !head.subarray(0, 8).equals(PNG_SIGNATURE))
    throw new ConsiliumError('MASK_INVALID', { problem: 'not PNG' });
  const width = head.readUInt32BE(SIZE_OFFSET);
  const height = head.readUInt32BE(SIZE_OFFSET + 4);
  if (width !== columns || height !== rows)
    throw new ConsiliumError('MASK_SIZE_MISMATCH', { rows, columns, height, width });
  const picture = decoded(bytes);
  const { data, palette } = picture;
  const channels = palette ? 1 : picture.channels;
  const colours = channels === 2 || channels === 4 ? channels - 1 : channels;
  if (data.length < rows * columns * channels) throw new ConsiliumError('MASK_INVALID', { values: data.length });
  const isSet = (value: number) => (palette ? (palette[value] ?? []).slice(0, 3).some((c) => c !== 0) : value !== 0);
  const mask = new Uint8Array(rows * columns);
  for (let i = 0; i < mask.length; i++)
    for (let c = 0; c < colours; c++) if (isSet(data[i * channels + c]!)) mask[i] = 1;
  return mask;
}

function decoded(bytes: Uint8Array) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new ConsiliumError('MASK_INVALID', {}, error);
  }
}
