import type { ImagePlane } from '@consilium/dicom';
import type { SeededRandom } from '../seeded-random.js';
import { PlaneField } from './plane-field.js';
import { length, type Point, type Solid } from './solids.js';
import { waveNoise } from './wave-noise.js';

/** A lesion whose outline is known exactly. */
export interface Lesion {
  readonly center: Point;
  readonly radiusMm: number;
  /** Of an ellipsoid with an uneven surface. */
  readonly solid: Solid;
  /** How much it differs from what it is compared with: 1 on average. */
  readonly strength: number;
}

/** `growth` above 1 is the same lesion in a later study. */
export function makeLesion(random: SeededRandom, center: Point, radiusMm: number, growth = 1): Lesion {
  const stretch = [random.uniform(0.8, 1.25), random.uniform(0.8, 1.25), random.uniform(0.8, 1.25)] as const;
  const bumps = waveNoise(random, 1.6 * radiusMm, 6);
  const strength = random.uniform(0.7, 1.3);
  const radius = radiusMm * growth;
  const depthAt = (x: number, y: number, z: number) => {
    const [u, v, w] = [x - center[0], y - center[1], z - center[2]];
    const away = length(u / stretch[0], v / stretch[1], w / stretch[2]);
    return radius * (1 + 0.09 * bumps(u / growth, v / growth, w / growth)) - away;
  };
  // Bumps stay below 4 standard deviations of a sum of six waves: 0.09 x 3.5.
  return { center, radiusMm: radius, strength, solid: { center, reachMm: radius * 1.25 * 1.32 + 1, depthAt } };
}

/** 1 where the middle of the slice lies inside the lesion: pixel centres count. */
export function lesionMask(lesion: Lesion, rows: number, columns: number, plane: ImagePlane): Uint8Array {
  const field = new PlaneField(rows, columns, plane, 0);
  const sharp = 1e-6;
  field.paint(lesion.solid, 1, sharp);
  return Uint8Array.from(field.values, (value) => (value > 0.5 ? 1 : 0));
}

/** Volume of the lesion inside the given box by counting points a millimetre apart, in cubic centimetres. */
export function lesionVolumeCm3({ solid }: Lesion): number {
  const reach = Math.ceil(solid.reachMm);
  let points = 0;
  for (let x = -reach; x <= reach; x++)
    for (let y = -reach; y <= reach; y++)
      for (let z = -reach; z <= reach; z++)
        if (solid.depthAt(solid.center[0] + x, solid.center[1] + y, solid.center[2] + z) > 0) points++;
  return points / 1000;
}
