import { capsule, length, type Point, type Solid, tube } from '../phantom-volume/solids.js';
import type { SeededRandom } from '../seeded-random.js';

/** Vessels of one lung leave the hilum and fork three times; cut across they look like small nodules. */
export function makeLungVessels(random: SeededRandom, side: -1 | 1, size: number): Solid[] {
  const hilum: Point = [side * 36 * size, 8 * size, -2 * size];
  const solids: Solid[] = [];
  const grow = (from: Point, direction: Point, lengthMm: number, radiusMm: number, forks: number) => {
    const to: Point = [
      from[0] + direction[0] * lengthMm,
      from[1] + direction[1] * lengthMm,
      from[2] + direction[2] * lengthMm,
    ];
    solids.push(capsule(from, to, radiusMm, radiusMm * 0.8));
    if (forks === 0) return;
    for (let fork = 0; fork < 2; fork++) {
      grow(to, turned(random, direction, 0.5), lengthMm * random.uniform(0.75, 1.1), radiusMm * 0.72, forks - 1);
    }
  };
  const branches = 13;
  for (let branch = 0; branch < branches; branch++) {
    const around = (2 * Math.PI * (branch + random.uniform(-0.3, 0.3))) / branches;
    const outward = random.uniform(0.35, 0.9);
    const direction = unit([side * outward, 0.8 * Math.cos(around), Math.sin(around)]);
    grow(hilum, direction, random.uniform(28, 40) * size, random.uniform(3, 4.4), 3);
  }
  return solids;
}

/** Windpipe and the first bronchi. */
export function makeAirways(size: number, tilt: number): Solid[] {
  const s = (x: number, y: number, z: number): Point => [(x + tilt * Math.max(0, z)) * size, y * size, z * size];
  const sides = [-1, 1].flatMap((side) => [
    ...tube([s(side * 4, 10, 6), s(side * 20, 12, -6), s(side * 38, 14, -18)], (side < 0 ? 6.6 : 5.8) * size),
    capsule(s(side * 38, 14, -18), s(side * 48, 26, -52), 3.6 * size),
    capsule(s(side * 34, 13, -14), s(side * 52, 2, 8), 3.2 * size),
  ]);
  return [capsule(s(0, 10, 8), s(0, 4, 170), 8.8 * size), ...sides];
}

function turned(random: SeededRandom, [x, y, z]: Point, spread: number): Point {
  return unit([x + random.normal(0, spread), y + random.normal(0, spread), z + random.normal(0, spread)]);
}

function unit([x, y, z]: Point): Point {
  const size = length(x, y, z) || 1;
  return [x / size, y / size, z / size];
}
