import { smoothStep } from '../phantom/canvas.js';
import { capsule, ellipsoid, length, type Point, type Solid, tube } from '../phantom-volume/solids.js';
import { type Noise, waveNoise } from '../phantom-volume/wave-noise.js';
import type { SeededRandom } from '../seeded-random.js';
import { makeAirways, makeLungVessels } from './lung-trees.js';
import { makeSkeleton, type Skeleton } from './skeleton.js';

/** One patient's chest. The origin lies between the lungs at the height of the carina. */
export interface Chest {
  readonly sex: 'F' | 'M';
  /** Half axes of the rib cage's inside where it is widest. */
  readonly cage: { readonly x: number; readonly y: number };
  readonly fatMm: number;
  readonly muscleMm: number;
  readonly lungs: readonly [Lung, Lung];
  readonly skeleton: Skeleton;
  readonly heart: readonly Solid[];
  readonly vessels: readonly Solid[];
  readonly lungVessels: readonly Solid[];
  readonly airways: readonly Solid[];
  readonly breasts: readonly { readonly whole: Solid; readonly gland: Solid }[];
  readonly liver: Solid;
  readonly spleen: Solid;
  readonly stomachGas: Solid;
  readonly esophagus: Solid;
  readonly texture: Noise;
  readonly clumps: Noise;
}

export interface Lung extends Solid {
  /** -1 is the patient's right one, at the left of a picture. */
  readonly side: -1 | 1;
}

export function makeChest(random: SeededRandom, sex: 'F' | 'M', ageYears: number): Chest {
  const size = (sex === 'F' ? 0.93 : 1.02) * random.normal(1, 0.035);
  const cage = { x: 134 * size, y: 92 * size * random.normal(1, 0.04) };
  const base = -82 * size + random.normal(0, 5);
  const lungs = [makeLung(random, -1, cage, size, base + 8), makeLung(random, 1, cage, size, base)] as const;
  const tilt = random.normal(0, 0.04);
  return {
    sex,
    cage,
    fatMm: Math.max(5, random.normal(sex === 'F' ? 19 : 15, 6)),
    muscleMm: (sex === 'F' ? 14 : 18) * random.uniform(0.9, 1.15) * (1 - Math.max(0, ageYears - 60) / 250),
    lungs,
    skeleton: makeSkeleton(random, cage, size, ageYears),
    heart: makeHeart(random, size, ageYears),
    vessels: makeGreatVessels(random, size, tilt),
    lungVessels: ([-1, 1] as const).flatMap((side) => makeLungVessels(random, side, size)),
    airways: makeAirways(size, tilt),
    breasts: sex === 'F' ? ([-1, 1] as const).map((side) => makeBreast(random, side, cage, size)) : [],
    liver: ellipsoid([-55 * size, -8, base - 38], [88 * size, 78 * size, 70]),
    spleen: ellipsoid([82 * size, 45 * size, base - 30], [34, 42, 45]),
    stomachGas: ellipsoid([62 * size, -30 * size, base - 22], [random.uniform(22, 42), random.uniform(20, 34), 24]),
    esophagus: capsule([6, 38 * size, -150], [-2, 30 * size, 150], random.uniform(6, 8.5)),
    texture: waveNoise(random, 9, 10),
    clumps: waveNoise(random, 42, 6),
  };
}

/**
 * The rib cage's inside, less the mediastinum and what lies below the diaphragm's dome; narrower towards the apex.
 * The depth is the smallest of the distances to these walls.
 */
function makeLung(random: SeededRandom, side: -1 | 1, cage: Chest['cage'], size: number, base: number): Lung {
  const apex = 118 * size + random.normal(0, 4);
  const dome = random.uniform(34, 48) * size;
  const middle = random.uniform(23, 28) * size;
  const center: Point = [side * 0.52 * cage.x, 0, (apex + base) / 2];
  const depthAt = (x: number, y: number, z: number) => {
    const t = Math.max(0, (z - 15) / (apex - 15));
    if (t >= 1) return -10;
    const narrowing = Math.sqrt(1 - t ** 2.4);
    const away = length(x / (cage.x * (0.25 + 0.75 * narrowing)), y / (cage.y * (0.4 + 0.6 * narrowing)));
    const wall = (1 - away) * cage.y * narrowing;
    // The lungs meet in front of the heart and are apart at the spine.
    const apart = middle * (0.5 + 0.5 * smoothStep(-cage.y, -0.2 * cage.y, y)) * (1 - 0.25 * smoothStep(0, 80, z));
    const inner = side * x - apart;
    const over = length((x - center[0]) / (0.62 * cage.x), (y - 6) / (1.15 * cage.y));
    const floor = z - (base - 22 + dome * Math.max(-0.9, 1 - over * over));
    return Math.min(wall, inner, floor, apex - z);
  };
  return { side, center, reachMm: 190 * size, depthAt };
}

function makeHeart(random: SeededRandom, size: number, ageYears: number): Solid[] {
  const grown = size * random.normal(1, 0.06) * (1 + Math.max(0, ageYears - 50) / 400);
  return [
    ellipsoid([26 * size, -22 * size, -52 * size], [50 * grown, 44 * grown, 48 * grown]),
    ellipsoid([-18 * size, -14 * size, -42 * size], [36 * grown, 40 * grown, 44 * grown]),
    ellipsoid([8 * size, 16 * size, -30 * size], [38 * grown, 26 * grown, 26 * grown]),
  ];
}

function makeGreatVessels(random: SeededRandom, size: number, tilt: number): Solid[] {
  const s = (x: number, y: number, z: number): Point => [(x + tilt * z) * size, y * size, z * size];
  const aorta = random.uniform(11, 14) * size;
  return [
    ...tube([s(23, 50, -160), s(24, 48, -60), s(22, 46, 30), s(14, 24, 48), s(-4, -8, 50)], aorta),
    ...tube([s(-4, -8, 50), s(-16, -26, 30), s(-8, -24, -14)], aorta * 1.15),
    capsule(s(-30, -16, -20), s(-28, -16, 75), 8.5 * size),
    ...tube([s(10, -32, -12), s(14, -22, 14), s(4, -6, 22)], 12.5 * size),
    ...tube([s(8, -8, 18), s(-14, -6, 10), s(-44, 4, 0)], 9 * size),
    ...tube([s(14, -8, 20), s(38, 8, 10)], 9 * size),
    ...tube([s(-28, -16, 72), s(-30, -14, 140)], 6.5 * size),
    ...tube([s(-26, -20, 70), s(34, -24, 92), s(44, -10, 130)], 6 * size),
    ...tube([s(-10, -14, 56), s(-20, -2, 90), s(-26, 4, 140)], 5.5 * size),
    ...tube([s(6, 0, 58), s(18, 4, 95), s(24, 6, 140)], 4.5 * size),
  ];
}

function makeBreast(
  random: SeededRandom,
  side: -1 | 1,
  cage: Chest['cage'],
  size: number,
): { whole: Solid; gland: Solid } {
  const fullness = random.uniform(0.8, 1.25) * size;
  const center: Point = [side * 66 * size, -(cage.y + 22), -38 * size + random.normal(0, 6)];
  return {
    whole: ellipsoid(center, [52 * fullness, 40 * fullness, 50 * fullness]),
    gland: ellipsoid([center[0], center[1] - 8, center[2]], [32 * fullness, 22 * fullness, 30 * fullness]),
  };
}
