import type { ImagePlane } from '@consilium/dicom';
import { blurred } from '../blur.js';
import type { Lesion } from '../phantom-volume/lesion.js';
import { PlaneField } from '../phantom-volume/plane-field.js';
import type { Solid } from '../phantom-volume/solids.js';
import type { SeededRandom } from '../seeded-random.js';
import type { Chest } from './chest.js';
import type { CtKernel, CtProtocol } from './ct-profiles.js';
import { type ChestClutter, drawChest } from './draw-chest.js';

export interface CtScene {
  readonly chest: Chest;
  readonly clutter: ChestClutter;
  readonly lesions: readonly Lesion[];
}

/**
 * Scans one slice: the mean over its thickness, the kernel's blur and sharpening, noise by dose and size, stored values.
 *
 * Shapes   [matrix, matrix], row-major.
 * Units    Hounsfield = stored x slope + intercept of the protocol.
 * Numbers  whole numbers inside the protocol's stored bits.
 */
export function scanSlice(
  scene: CtScene,
  protocol: CtProtocol,
  kernel: CtKernel,
  plane: ImagePlane,
  matrix: number,
  random: SeededRandom,
): Int16Array {
  const pixelMm = plane.spacingMm.column;
  const clean = meanOverThickness(scene, protocol, plane, matrix);
  const seen = blurred(clean, matrix, matrix, kernel.blurMm / pixelMm);
  const noise = correlatedNoise(matrix, kernel.grainMm / pixelMm, random);
  const noiseHu = noiseHuOf(scene.chest, protocol, kernel);
  for (let i = 0; i < seen.length; i++) seen[i]! += noiseHu * noise[i]!;
  if (kernel.sharpening > 0) {
    const smooth = blurred(seen, matrix, matrix, 1.1 / pixelMm);
    for (let i = 0; i < seen.length; i++) seen[i]! += kernel.sharpening * (seen[i]! - smooth[i]!);
  }
  return quantise(seen, protocol, matrix);
}

function meanOverThickness(scene: CtScene, protocol: CtProtocol, plane: ImagePlane, matrix: number): Float32Array {
  const layers = Math.max(1, Math.min(3, Math.round(plane.thicknessMm / 1.5)));
  const sum = new Float32Array(matrix * matrix);
  for (let layer = 0; layer < layers; layer++) {
    const offset = ((layer + 0.5) / layers - 0.5) * plane.thicknessMm;
    const field = new PlaneField(matrix, matrix, plane, -1000, offset);
    field.paint(couch(scene.chest, protocol), protocol.couchHu);
    drawChest(field, scene.chest, scene.clutter, scene.lesions, protocol);
    for (let i = 0; i < sum.length; i++) sum[i]! += field.values[i]! / layers;
  }
  return sum;
}

/** A flat or a curved plate below the patient, with a second one below it. */
function couch({ cage, fatMm, muscleMm }: Chest, { couchCurveMm }: CtProtocol): Solid {
  const top = cage.y + fatMm + muscleMm + 24;
  const depthAt = (x: number, y: number) => {
    if (Math.abs(x) > 200) return -1;
    const below = y - top + couchCurveMm * (x / 200) ** 2;
    return 1.7 - Math.min(Math.abs(below), Math.abs(below - 22));
  };
  return { center: [0, top, 0], reachMm: 210, isTall: true, depthAt };
}

/** Quantum noise: less with more dose and thicker slices, more behind a thicker patient. */
function noiseHuOf({ cage, fatMm }: Chest, protocol: CtProtocol, kernel: CtKernel): number {
  const mas = (protocol.tubeCurrentMa * protocol.exposureTimeMs) / 1000;
  const thick = Math.exp((cage.y + fatMm - 107) / 55);
  const energy = (120 / protocol.kvp) ** 1.3;
  return 13 * kernel.noise * energy * thick * Math.sqrt((100 / mas) * (5 / protocol.thicknessMm));
}

/** Standard deviation 1; grains as wide as the kernel makes them. */
function correlatedNoise(matrix: number, grainPixels: number, random: SeededRandom): Float32Array {
  const white = Float32Array.from({ length: matrix * matrix }, () => random.normal(0, 1));
  const grains = blurred(white, matrix, matrix, grainPixels);
  let squares = 0;
  for (const value of grains) squares += value * value;
  const scale = 1 / Math.sqrt(squares / grains.length);
  return grains.map((value) => value * scale);
}

function quantise(hu: Float32Array, { stored }: CtProtocol, matrix: number): Int16Array {
  const lowest = stored.isSigned ? -(2 ** (stored.bits - 1)) : 0;
  const highest = lowest + 2 ** stored.bits - 1;
  const values = new Int16Array(hu.length);
  const half = (matrix - 1) / 2;
  for (let i = 0; i < hu.length; i++) {
    const isOutside = Math.hypot((i % matrix) - half, Math.floor(i / matrix) - half) > matrix / 2;
    if (isOutside && stored.padding !== undefined) values[i] = stored.padding;
    else values[i] = Math.min(highest, Math.max(lowest, Math.round((hu[i]! - stored.intercept) / stored.slope)));
  }
  return values;
}
