import { smoothStep } from '../phantom/canvas.js';
import { capsule, ellipsoid, length, type Point, type Solid, tube } from '../phantom-volume/solids.js';
import { type Noise, waveNoise } from '../phantom-volume/wave-noise.js';
import type { SeededRandom } from '../seeded-random.js';

/** One patient's head, in millimetres around the middle of the brain. */
export interface Head {
  readonly brain: Point;
  /** Thickness of fluid, skull and scalp around the brain. */
  readonly fluidMm: number;
  readonly skullMm: number;
  readonly scalpMm: number;
  /** Zero where a fold of the cortex lies. */
  readonly folds: Noise;
  /** How wide the folds gape: more with age. */
  readonly foldGapMm: number;
  readonly cortexMm: number;
  readonly ventricles: readonly Solid[];
  readonly deepGrey: readonly Solid[];
  /** Bright rims of ventricles; 0 for the young. */
  readonly capMm: number;
  readonly texture: Noise;
  readonly face: readonly Solid[];
}

export function makeHead(random: SeededRandom, sex: 'F' | 'M', ageYears: number): Head {
  const size = (sex === 'F' ? 0.96 : 1.02) * random.normal(1, 0.025);
  const brain: Point = [66 * size * random.normal(1, 0.02), 83 * size * random.normal(1, 0.02), 64 * size];
  const old = Math.max(0, ageYears - 35) / 50;
  return {
    brain,
    fluidMm: 2 + 2 * old * random.uniform(0.6, 1.4),
    skullMm: random.uniform(5.5, 8),
    scalpMm: random.uniform(4, 8),
    folds: waveNoise(random, 26, 9),
    foldGapMm: 0.55 + 0.75 * old * random.uniform(0.5, 1.5),
    cortexMm: random.uniform(3, 3.6) - 0.4 * old,
    ventricles: makeVentricles(random, size, old),
    deepGrey: makeDeepGrey(random, size),
    capMm: Math.max(0, old * random.uniform(0.5, 3.5)),
    texture: waveNoise(random, 7, 8),
    face: [ellipsoid([0, -52, -62], [52, 52, 52]), ellipsoid([0, -80, -52], [18, 20, 26])],
  };
}

function makeVentricles(random: SeededRandom, size: number, old: number): Solid[] {
  const wide = (0.85 + 0.7 * old) * random.normal(1, 0.14);
  const s = (x: number, y: number, z: number): Point => [x * size, y * size, z * size];
  const sides = ([-1, 1] as const).flatMap((side) => {
    const uneven = random.normal(1, 0.06);
    const radius = 4.6 * wide * uneven;
    return [
      ...tube([s(side * 14, -38, 6), s(side * 8, -22, 14), s(side * 10, 2, 20), s(side * 19, 26, 14)], radius),
      ...tube([s(side * 19, 26, 14), s(side * 27, 38, 4), s(side * 22, 56, 2)], radius * 0.95),
      ...tube([s(side * 27, 38, 4), s(side * 33, 18, -14)], radius * 0.6),
    ];
  });
  return [...sides, ellipsoid(s(0, -2, -6), [2.2 * wide, 14, 9]), capsule(s(0, 22, -18), s(0, 30, -36), 3 * wide)];
}

function makeDeepGrey(random: SeededRandom, size: number): Solid[] {
  const s = (x: number, y: number, z: number): Point => [x * size, y * size, z * size];
  return ([-1, 1] as const).flatMap((side) => [
    ellipsoid(s(side * 12, 6, 2), [8 * size, 15 * size, 10 * size]),
    ellipsoid(s(side * 25, -8, -1), [6.5 * size * random.normal(1, 0.06), 19 * size, 11 * size]),
    ...tube([s(side * 14, -28, 6), s(side * 17, -8, 20), s(side * 21, 12, 20)], 4.4 * size),
  ]);
}

/** Distance to the brain's surface, positive inside; `outwards` millimetres farther out it is the surface of what lies around. */
export function brainDepth({ brain: [a, b, c] }: Head, x: number, y: number, z: number): number {
  // Flatter below, narrower in front.
  const under = z < 0 ? c * 0.82 : c;
  const width = a * (1 - 0.1 * smoothStep(0, -b, y));
  const away = length(x / width, y / b, z / under);
  return away < 0.05 ? a : length(x, y, z) * (1 / away - 1);
}

/** Distance to the nearest fluid around the brain: its surface, a fold of the cortex, or the gap between its halves. */
export function cortexDepth(head: Head, depthMm: number, x: number, y: number, z: number): number {
  const [a, b, c] = head.brain;
  const away = Math.max(0.05, length(x / a, y / b, z / c));
  // Folds run inwards from the surface: the field is looked up at the point above.
  const up = 1 / away;
  const toFold = 4.6 * Math.abs(head.folds(x * up, y * up, z * up)) + 0.9 * Math.max(0, depthMm - 13);
  const toGap = Math.abs(x) + 1.3 * Math.max(0, 0.62 - length(y / b, z / c)) * b;
  return Math.min(depthMm, toFold, toGap);
}
