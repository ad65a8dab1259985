import { blurred } from '../blur.js';
import type { SeededRandom } from '../seeded-random.js';
import type { Canvas } from './canvas.js';
import type { Protocol } from './site-profiles.js';

/** Density that the tone curve maps to the top of the site's range. */
const FULL_DENSITY = 1.15;

/**
 * Takes the film: scatter, detector blur, quantum noise, the vendor's processing, tone curve and quantisation.
 *
 * Shapes   [rows, columns], row-major.
 * Numbers  whole numbers in 0 .. 2^bitsStored - 1, already mirrored for MONOCHROME1.
 */
export function acquire(canvas: Canvas, protocol: Protocol, random: SeededRandom): Uint16Array {
  const { rows, columns } = canvas;
  const pixels = (length: number) => length / canvas.pixel;
  const scatter = blurred(canvas.values, rows, columns, pixels(0.35));
  const exposed = canvas.values.map((value, i) => value * (1 - protocol.veil) + protocol.veil * scatter[i]!);
  const sharp = blurred(exposed, rows, columns, pixels(protocol.blur));
  // Quantum noise belongs to detector elements; larger ones average more photons.
  const noiseScale = protocol.noise * Math.min(2, 0.0156 / canvas.pixel);
  const noisy = sharp.map((value) => value + random.normal(0, noiseScale * (0.4 + 0.9 * Math.max(0, value))));
  const smooth = protocol.edgeEnhancement === 0 ? noisy : blurred(noisy, rows, columns, pixels(0.05));
  const processed = noisy.map((value, i) => value + protocol.edgeEnhancement * (value - smooth[i]!));
  collimate(processed, rows, columns, protocol, random);
  return quantise(processed, protocol);
}

function collimate(
  values: Float32Array,
  rows: number,
  columns: number,
  protocol: Protocol,
  random: SeededRandom,
): void {
  const border = (size: number) => Math.floor(random.uniform(0, protocol.collimation) * size);
  const [top, bottom, left, right] = [border(rows), border(rows), border(columns), border(columns)];
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / columns);
    const column = i % columns;
    if (row < top || row >= rows - bottom || column < left || column >= columns - right) values[i] = 0;
  }
}

function quantise(values: Float32Array, { bitsStored, range, gamma, photometric }: Protocol): Uint16Array {
  const highest = 2 ** bitsStored - 1;
  const stored = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const tone = Math.min(1, Math.max(0, values[i]! / FULL_DENSITY)) ** gamma;
    const value = Math.round(highest * (range[0] + (range[1] - range[0]) * tone));
    stored[i] = photometric === 'MONOCHROME1' ? highest - value : value;
  }
  return stored;
}
