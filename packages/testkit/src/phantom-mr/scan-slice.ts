import type { ImagePlane } from '@consilium/dicom';
import { blurred } from '../blur.js';
import type { Lesion } from '../phantom-volume/lesion.js';
import { PlaneField } from '../phantom-volume/plane-field.js';
import type { Noise } from '../phantom-volume/wave-noise.js';
import type { SeededRandom } from '../seeded-random.js';
import { drawHead, type HeadClutter } from './draw-head.js';
import type { Head } from './head.js';
import type { MrProtocol, MrSequence } from './mr-profiles.js';
import { signalOf, type TissueName } from './tissues.js';

export interface MrScene {
  readonly head: Head;
  readonly clutter: HeadClutter;
  readonly lesions: readonly Lesion[];
}

/** What is the same for all slices of a series. */
export interface MrSeries {
  readonly sequence: MrSequence;
  /** Stored value of a signal of 1. */
  readonly gain: number;
  /** Smooth over the head, standard deviation 1. */
  readonly sensitivity: Noise;
}

/**
 * Scans one slice: the mean over its thickness, uneven sensitivity, blur, a ghost, noise in both channels, magnitude.
 *
 * Shapes   [matrix, matrix], row-major.
 * Numbers  whole numbers from 0 to 2^bitsStored - 1; noise of the magnitude is Rician.
 * Source   Gudbjartsson and Patz 1995, doi:10.1002/mrm.1910340618.
 */
export function scanSlice(
  scene: MrScene,
  protocol: MrProtocol,
  series: MrSeries,
  plane: ImagePlane,
  matrix: number,
  random: SeededRandom,
): Uint16Array {
  const { fieldTesla } = protocol;
  const signal = (tissue: TissueName) => signalOf(tissue, { ...series.sequence, fieldTesla });
  const layers = Math.max(1, Math.min(3, Math.round(plane.thicknessMm / 1.5)));
  const sum = new Float32Array(matrix * matrix);
  for (let layer = 0; layer < layers; layer++) {
    const offset = ((layer + 0.5) / layers - 0.5) * plane.thicknessMm;
    const field = new PlaneField(matrix, matrix, plane, 0, offset);
    drawHead(field, scene.head, scene.clutter, scene.lesions, signal);
    for (let i = 0; i < sum.length; i++) sum[i]! += field.values[i]! / layers;
  }
  const uneven = new PlaneField(matrix, matrix, plane, 0);
  uneven.paint(
    everywhere((x, y, z) => series.sensitivity(x, y, z)),
    (value) => Math.exp(protocol.bias * (value - 1e3)),
  );
  const seen = blurred(sum, matrix, matrix, protocol.blurMm / plane.spacingMm.column);
  for (let i = 0; i < seen.length; i++) seen[i]! *= uneven.values[i]!;
  const moved = protocol.ghost === 0 ? seen : withGhost(seen, matrix, protocol.ghost);
  return magnitudes(moved, protocol.noise * signal('white'), series.gain, protocol.bitsStored, random);
}

/** Hands the value at each point on as a depth far above any edge. */
function everywhere(valueAt: Noise) {
  const depthAt = (x: number, y: number, z: number) => 1e3 + valueAt(x, y, z);
  return { center: [0, 0, 0] as const, reachMm: Number.POSITIVE_INFINITY, depthAt };
}

/** Motion shows as a faint copy a third of the field away along the phase direction. */
function withGhost(values: Float32Array, matrix: number, strength: number): Float32Array {
  const shift = Math.floor(matrix / 3);
  return values.map((value, i) => {
    const row = Math.floor(i / matrix);
    const from = ((row + shift) % matrix) * matrix + (i % matrix);
    return value + strength * values[from]!;
  });
}

function magnitudes(
  values: Float32Array,
  noise: number,
  gain: number,
  bitsStored: number,
  random: SeededRandom,
): Uint16Array {
  const highest = 2 ** bitsStored - 1;
  return Uint16Array.from(values, (value) => {
    const real = value + random.normal(0, noise);
    const imaginary = random.normal(0, noise);
    return Math.min(highest, Math.round(gain * Math.sqrt(real * real + imaginary * imaginary)));
  });
}
