import { ConsiliumError } from '@consilium/errors';
import type { Photometric } from '../pixels/pixel-format.js';
import type { DicomFrame } from '../pixels/read-image.js';
import type { StoredValues } from '../pixels/stored-values.js';
import type { LookupTable, Palette } from './tables.js';

/**
 * Luminance of a colour frame; of YBR it is the first sample as it stands.
 *
 * Numbers  0.299 red + 0.587 green + 0.114 blue in float64, rounded to float32 once; palettes of 16 bits as 0..255.
 * Source   ITU-R BT.601, as PS3.3 C.7.6.3.1.2 uses it.
 */
export function luminanceOf(frame: DicomFrame): Float32Array {
  const { stored, samples, photometric, palette } = frame;
  const grey = new Float32Array(stored.length / samples);
  if (palette !== undefined) {
    const [red, green, blue] = channels(palette);
    for (let i = 0; i < grey.length; i++) {
      const value = stored[i]!;
      grey[i] = luma(at(red, value), at(green, value), at(blue, value));
    }
  } else if (photometric === 'YBR_PARTIAL_422' || photometric === 'YBR_PARTIAL_420') {
    for (let i = 0; i < grey.length; i++) grey[i] = Math.min(Math.max((255 / 219) * (stored[3 * i]! - 16), 0), 255);
  } else if (isRgb(photometric)) {
    for (let i = 0; i < grey.length; i++) grey[i] = luma(stored[3 * i]!, stored[3 * i + 1]!, stored[3 * i + 2]!);
  } else for (let i = 0; i < grey.length; i++) grey[i] = stored[3 * i]!;
  return grey;
}

function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function isRgb(photometric: Photometric): boolean {
  return photometric === 'RGB';
}

/**
 * A colour frame as red, green and blue of 8 bits.
 *
 * Shapes   [rows, columns, 3], row-major.
 * Errors   DICOM_UNSUPPORTED (colours of another depth than 8 or 16 bits, uncompressed YBR_ICT and YBR_RCT).
 * Source   DICOM PS3.3 C.7.6.3.1.2.
 */
export function toRgb(frame: DicomFrame): Uint8ClampedArray {
  const { photometric, palette, stored, rows, columns } = frame;
  const rgb = new Uint8ClampedArray(rows * columns * 3);
  if (palette !== undefined) paint(rgb, stored, palette);
  else if (isRgb(photometric)) rgb.set(frame.bitsAllocated === 16 ? narrowed(stored, frame.bitsStored) : stored);
  else fromYbr(rgb, eightBit(frame), photometric);
  return rgb;
}

function paint(rgb: Uint8ClampedArray, stored: StoredValues, palette: Palette): void {
  const [red, green, blue] = channels(palette);
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    rgb[3 * i] = at(red, value);
    rgb[3 * i + 1] = at(green, value);
    rgb[3 * i + 2] = at(blue, value);
  }
}

interface Channel {
  readonly first: number;
  readonly entries: Uint16Array;
}

/** Entries as 0..255: the upper byte of 16 bits. Some writers say 16 bits and fill only the lower byte of every entry. */
function channels({ red, green, blue }: Palette): readonly [Channel, Channel, Channel] {
  const isLow = [red, green, blue].every(({ entries }) => entries.every((entry) => entry < 256));
  const channel = ({ first, entries, bits }: LookupTable): Channel => ({
    first,
    entries: isLow ? entries : entries.map((entry) => entry >>> Math.max(bits - 8, 0)),
  });
  return [channel(red), channel(green), channel(blue)];
}

function at({ first, entries }: Channel, value: number): number {
  return entries[Math.min(Math.max(value - first, 0), entries.length - 1)]!;
}

function narrowed(stored: StoredValues, bitsStored: number): StoredValues {
  return bitsStored <= 8 ? stored : stored.map((value: number) => value / 2 ** (bitsStored - 8) - 0.5);
}

function eightBit({ stored, bitsAllocated }: DicomFrame): StoredValues {
  if (bitsAllocated !== 8) throw new ConsiliumError('DICOM_UNSUPPORTED', { colourBits: bitsAllocated });
  return stored;
}

function fromYbr(rgb: Uint8ClampedArray, ybr: StoredValues, photometric: Photometric): void {
  if (photometric === 'YBR_ICT' || photometric === 'YBR_RCT')
    throw new ConsiliumError('DICOM_UNSUPPORTED', { photometric });
  const isPartial = photometric === 'YBR_PARTIAL_422' || photometric === 'YBR_PARTIAL_420';
  const [y0, yScale, cScale] = isPartial ? [16, 255 / 219, 255 / 224] : [0, 1, 1];
  for (let i = 0; i < ybr.length; i += 3) {
    const y = (ybr[i]! - y0!) * yScale!;
    const cb = (ybr[i + 1]! - 128) * cScale!;
    const cr = (ybr[i + 2]! - 128) * cScale!;
    rgb[i] = y + 1.402 * cr;
    rgb[i + 1] = y - 0.344136 * cb - 0.714136 * cr;
    rgb[i + 2] = y + 1.772 * cb;
  }
}
