import { capsule, column, ellipsoid, type Point, type Solid, tube } from '../phantom-volume/solids.js';
import type { SeededRandom } from '../seeded-random.js';

export interface Skeleton {
  /** Compact bone outside, spongy bone inside. */
  readonly bones: readonly { readonly whole: Solid; readonly shellMm: number }[];
  readonly canal: Solid;
  /** Vertebral bodies with the discs between them: how much of a disc is at this height, 0 to 1. */
  readonly spine: Solid;
  readonly discAt: (z: number) => number;
  /** Hounsfield units of spongy bone: less with age. */
  readonly spongyHu: number;
}

export function makeSkeleton(
  random: SeededRandom,
  cage: { readonly x: number; readonly y: number },
  size: number,
  ageYears: number,
): Skeleton {
  const spineY = cage.y - 22 * size;
  const step = 24 * size;
  const phase = random.uniform(0, step);
  const bones: { whole: Solid; shellMm: number }[] = [];
  const add = (shellMm: number, ...solids: Solid[]) => bones.push(...solids.map((whole) => ({ whole, shellMm })));
  for (const side of [-1, 1] as const) {
    for (let rib = 0; rib < 10; rib++) add(1.6, ...makeRib(side, cage, size, 122 - 24 * rib + phase));
    add(
      2,
      ...tube(
        [
          [side * 62 * size, cage.y + 20, -30],
          [side * 96 * size, cage.y + 8, 40],
          [side * 128 * size, 0.62 * cage.y, 84],
        ],
        4.2,
      ),
    );
    add(2, capsule([side * 14, -cage.y - 2, 96 * size], [side * 120, -0.3 * cage.y, 122 * size], 6));
  }
  add(1.8, flattened(ellipsoid([0, -cage.y - 6, 15], [17, 17, 92 * size]), -cage.y - 6, 2.6));
  for (let k = -7; k < 7; k++) {
    const z = phase + k * step;
    add(1.6, capsule([0, spineY + 30, z], [0, spineY + 52, z - 14], 4.5, 3.5));
    for (const side of [-1, 1]) add(1.6, capsule([side * 9, spineY + 22, z + 4], [side * 33, spineY + 30, z + 6], 4.6));
  }
  return {
    bones,
    canal: column(0, spineY + 24 * size, 13.5, 13.5),
    spine: column(0, spineY, 17 * size, 14 * size),
    discAt: (z) => (Math.cos((2 * Math.PI * (z - phase)) / step) > 0.82 ? 1 : 0),
    spongyHu: Math.max(70, random.normal(210, 25) - 1.6 * Math.max(0, ageYears - 30)),
  };
}

/** From the spine around the side to the front, lower and lower. */
function makeRib(side: -1 | 1, cage: { readonly x: number; readonly y: number }, size: number, top: number): Solid[] {
  const points: Point[] = [];
  for (let k = 0; k <= 12; k++) {
    const angle = 0.22 + (k / 12) * 2.35;
    const narrowing = Math.sqrt(Math.max(0.05, 1 - Math.max(0, (top - 15) / (125 * size)) ** 2.4));
    const x = side * (cage.x * (0.25 + 0.75 * narrowing) + 4) * Math.sin(angle);
    const y = (cage.y * (0.4 + 0.6 * narrowing) + 4) * Math.cos(angle);
    points.push([x, y, top - 62 * size * ((1 - Math.cos(angle)) / 2)]);
  }
  return tube(points, 5.2 * size);
}

/** Thinner from front to back by this factor. */
function flattened(solid: Solid, y0: number, factor: number): Solid {
  return { ...solid, depthAt: (x, y, z) => solid.depthAt(x, y0 + (y - y0) * factor, z) / factor };
}
