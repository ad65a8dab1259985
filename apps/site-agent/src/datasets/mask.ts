import { ConsiliumError } from '@consilium/errors';
import { decode } from 'fast-png';

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Signature, length and type of the first chunk (IHDR) come before the sizes. */
const SIZE_OFFSET = 16;

/**
 * Reads a mask from a PNG of any depth: a pixel is 1 where it is not black. A mask has one colour beside black: what several mean
 * cannot be told.
 *
 * Shapes   [rows, columns], row-major, 0 or 1.
 * Errors   MASK_MANY_VALUED; MASK_IN_ALPHA where only the transparency says anything; MASK_INVALID; MASK_SIZE_MISMATCH (found in the head, before anything of a hostile size is allocated).
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
  const mask = new Uint8Array(rows * columns);
  const seen = { colour: '', alpha: new Set<number>() };
  for (let i = 0; i < mask.length; i++) {
    const colour = palette
      ? (palette[data[i]!] ?? []).slice(0, 3)
      : data.subarray(i * channels, i * channels + colours);
    if (colours < channels) seen.alpha.add(data[i * channels + colours]!);
    if (colour.every((value) => value === 0)) continue;
    const name = colour.join();
    if (seen.colour !== '' && name !== seen.colour) throw new ConsiliumError('MASK_MANY_VALUED');
    seen.colour = name;
    mask[i] = 1;
  }
  const isOneColour = mask.every((value) => value === mask[0]);
  if (isOneColour && seen.alpha.size > 1) throw new ConsiliumError('MASK_IN_ALPHA');
  return mask;
}

function decoded(bytes: Uint8Array) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new ConsiliumError('MASK_INVALID', {}, error);
  }
}
