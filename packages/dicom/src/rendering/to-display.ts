import { ConsiliumError } from '@consilium/errors';
import type { VoiWindow } from '../pixels/frame-attributes.js';
import type { DicomFrame } from '../pixels/read-image.js';
import { toRgb } from './colour.js';
import { lookedUp, modalityValues, plainFrame } from './modality.js';
import type { LookupTable } from './tables.js';

/** A picture for the eye. */
export interface DisplayPicture {
  readonly rows: number;
  readonly columns: number;
  /** One for grey, three for red, green and blue. */
  readonly samples: 1 | 3;
  /** [rows, columns, samples], row-major. */
  readonly pixels: Uint8ClampedArray;
}

/**
 * What a viewer shows of a frame: grey through the file's own window, else its VOI table, else from the lowest value to the
 * highest; colours as red, green and blue.
 *
 * Numbers  8 bits, rounded.
 * Errors   DICOM_INVALID (more than one frame), DICOM_UNSUPPORTED (as `toRgb`).
 * Source   DICOM PS3.3 C.11.2 (VOI LUT), C.7.6.3.1.2 (photometric interpretation).
 */
export function toDisplay(frame: DicomFrame): DisplayPicture {
  const { rows, columns, samples, stored } = frame;
  if (stored.length !== rows * columns * samples) throw new ConsiliumError('DICOM_INVALID', { values: stored.length });
  const plain = plainFrame(frame);
  if (samples > 1 || frame.palette !== undefined) return { rows, columns, samples: 3, pixels: toRgb(plain) };
  const values = modalityValues(plain, false);
  const shade = shadeOf(frame, values);
  const pixels = new Uint8ClampedArray(values.length);
  const isInverted = frame.photometric === 'MONOCHROME1';
  for (let i = 0; i < pixels.length; i++) {
    const share = shade(values[i]!);
    pixels[i] = 255 * (isInverted ? 1 - share : share);
  }
  return { rows, columns, samples: 1, pixels };
}

/** From a modality value to 0..1. */
function shadeOf(frame: DicomFrame, values: Float32Array): (value: number) => number {
  if (frame.window !== undefined) return throughWindow(frame.window);
  if (frame.voiTable !== undefined) return throughVoiTable(frame.voiTable);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? (value) => (value - low) / (high - low) : () => 0;
}

/**
 * From a modality value to 0..1, by one of the three functions of a window.
 *
 * Source  DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.
 */
export function throughWindow({ center, width, shape }: VoiWindow): (value: number) => number {
  switch (shape) {
    case 'SIGMOID':
      return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
    case 'LINEAR_EXACT':
      return (value) => cut((value - center) / width + 0.5);
    case 'LINEAR':
      // The last value of the window is already white, so that a width of 256 maps 256 values one to one.
      if (width <= 1) return (value) => (value <= center - 0.5 ? 0 : 1);
      return (value) => cut((value - (center - 0.5)) / (width - 1) + 0.5);
  }
}

function throughVoiTable(table: LookupTable): (value: number) => number {
  const highest = 2 ** table.bits - 1;
  return (value) => lookedUp(table, value) / highest;
}

function cut(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
