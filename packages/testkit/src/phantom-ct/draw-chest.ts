import type { Lesion } from '../phantom-volume/lesion.js';
import type { PlaneField } from '../phantom-volume/plane-field.js';
import { ellipsoid, length, type Point, type Solid, shrunk } from '../phantom-volume/solids.js';
import type { SeededRandom } from '../seeded-random.js';
import type { Chest } from './chest.js';

/** Hounsfield units at 120 kV; soft tissues hardly change with the voltage, bone and contrast agent do. */
const HU = {
  air: -1000,
  lung: -865,
  fat: -102,
  skin: 25,
  muscle: 52,
  blood: 42,
  liver: 58,
  spleen: 52,
  gland: 28,
} as const;
const COMPACT_BONE_HU = 780;

/** What may be mistaken for a lesion; patients with and without one have it alike. */
export interface ChestClutter {
  readonly granulomas: readonly Solid[];
  readonly hazes: readonly { readonly solid: Solid; readonly gain: number }[];
}

export interface BeamAndAgent {
  readonly kvp: number;
  /** Hounsfield units that the contrast agent adds to blood at 120 kV; 0 without one. */
  readonly agentHu: number;
}

export function makeClutter(random: SeededRandom, chest: Chest, count: number): ChestClutter {
  const granulomas: Solid[] = [];
  const hazes: { solid: Solid; gain: number }[] = [];
  for (let i = 0; i < count; i++) {
    const radius = random.uniform(2, 4.2);
    granulomas.push(ellipsoid(placeInLung(random, chest, 3, [-90, 100]), [radius, radius, radius]));
    const size = random.uniform(7, 15);
    const solid = ellipsoid(placeInLung(random, chest, 6, [-90, 100]), [size, size * 0.8, size]);
    hazes.push({ solid, gain: random.uniform(120, 330) });
  }
  return { granulomas, hazes };
}

/** A point of a lung at least so deep inside, with a height from the given range, evenly. */
export function placeInLung(
  random: SeededRandom,
  chest: Chest,
  depthMm: number,
  [low, high]: readonly [number, number],
): Point {
  const z = random.uniform(low, high);
  const { cage } = chest;
  for (let attempt = 0; attempt < 400; attempt++) {
    const lung = chest.lungs[random.integer(0, 1)]!;
    const [x, y] = [lung.side * random.uniform(0, cage.x), random.uniform(-cage.y, cage.y)];
    // Where the lung is too narrow for that depth, less must do.
    if (lung.depthAt(x, y, z) > depthMm * (1 - attempt / 400)) return [x, y, z];
  }
  return [chest.lungs[0].center[0], 0, z];
}

/** Paints the body in Hounsfield units, what is inside over what is outside. */
export function drawChest(
  field: PlaneField,
  chest: Chest,
  clutter: ChestClutter,
  lesions: readonly Lesion[],
  { kvp, agentHu }: BeamAndAgent,
): void {
  const agent = agentHu * (120 / kvp) ** 1.5;
  const bone = (120 / kvp) ** 0.6;
  drawTrunk(field, chest);
  field.paint(chest.liver, HU.liver + 0.5 * agent * 0.6);
  field.paint(chest.spleen, HU.spleen + 0.5 * agent * 0.7);
  field.paint(chest.stomachGas, HU.air + 60);
  drawLungs(field, chest);
  for (const part of chest.heart) field.paint(part, HU.blood + 0.75 * agent);
  for (const vessel of chest.vessels) field.paint(vessel, HU.blood + agent);
  field.paint(chest.esophagus, 38);
  for (const airway of chest.airways) {
    field.paint(shrunk(airway, -1.3), 20);
    field.paint(airway, HU.air);
  }
  drawSkeleton(field, chest, bone);
  for (const vessel of chest.lungVessels) paintInLung(field, chest, vessel, HU.blood + 0.9 * agent);
  for (const { solid, gain } of clutter.hazes) {
    paintInLung(field, chest, solid, (depth) => HU.lung + gain * Math.min(1, Math.max(0, depth / 4)));
  }
  for (const solid of clutter.granulomas) paintInLung(field, chest, solid, 290 * bone);
  for (const lesion of lesions) field.paint(lesion.solid, -8 + 40 * lesion.strength + 0.12 * agent);
}

function drawTrunk(field: PlaneField, { cage, fatMm, muscleMm, breasts, texture, clumps }: Chest): void {
  for (const { whole, gland } of breasts) {
    field.paint(whole, (depth) => (depth < 2 ? HU.skin : HU.fat));
    field.paint(gland, (_, x, y, z) => HU.gland + (clumps(2 * x, 2 * y, 2 * z) > 0.1 ? 0 : HU.fat - HU.gland));
  }
  const outside = 2 + fatMm + muscleMm;
  const shoulders = (z: number) => 1 + 0.16 * Math.min(1, Math.max(0, (z - 40) / 70));
  const depthAt = (x: number, y: number, z: number) => {
    const [a, b] = [(cage.x + outside) * shoulders(z), cage.y + outside + 6];
    const away = (Math.abs(x / a) ** 2.5 + Math.abs(y / b) ** 2.5) ** (1 / 2.5);
    return away < 0.05 ? a : length(x, y) * (1 / away - 1);
  };
  const fat = fatMm * 1.05;
  field.paint({ center: [0, 0, 0], reachMm: Number.POSITIVE_INFINITY, depthAt }, (depth, x, y, z) => {
    if (depth < 2) return HU.skin;
    if (depth < 2 + fat + 1.2 * clumps(x, y, z)) return HU.fat + 4 * texture(x, y, z);
    // Muscles lie in bundles with fat between them; around the heart and vessels there is fat.
    const bundle = Math.abs(clumps(1.7 * y, 1.7 * x, z)) < 0.1 ? -70 : 0;
    if (depth < outside + 9 + 0.5 * Math.max(0, z - 40)) return HU.muscle + bundle + 5 * texture(x, y, z);
    return -62 + 10 * texture(x, y, z);
  });
}

function drawLungs(field: PlaneField, chest: Chest): void {
  for (const lung of chest.lungs) {
    field.paint(lung, (_, x, y, z) => {
      // Blood sinks to the back.
      const weight = 38 * (y / chest.cage.y);
      return HU.lung + weight + 16 * chest.texture(x, y, z) + 12 * chest.clumps(x, y, z);
    });
  }
}

function drawSkeleton(field: PlaneField, { skeleton }: Chest, boneFactor: number): void {
  const { bones, canal, spine, discAt, spongyHu } = skeleton;
  const compact = COMPACT_BONE_HU * boneFactor;
  const spongy = spongyHu * boneFactor;
  for (const { whole, shellMm } of bones) {
    field.paint(whole, (depth) => (depth < shellMm ? compact * 0.8 : spongy));
  }
  field.paint(canal, compact * 0.7);
  field.paint(spine, (depth, _x, _y, z) => {
    if (discAt(z) === 1) return 75;
    return depth < 1.8 ? compact * 0.62 : spongy;
  });
  field.paint(shrunk(canal, 4), 28);
}

/** Paints only where there is lung: a vessel that runs on into the wall is not seen there. */
function paintInLung(
  field: PlaneField,
  { lungs }: Chest,
  solid: Solid,
  paint: Parameters<PlaneField['paint']>[1],
): void {
  const inLung = (x: number, y: number, z: number) => Math.max(lungs[0].depthAt(x, y, z), lungs[1].depthAt(x, y, z));
  const depthAt = (x: number, y: number, z: number) => {
    const depth = solid.depthAt(x, y, z);
    return depth < -3 ? depth : Math.min(depth, inLung(x, y, z));
  };
  field.paint({ ...solid, depthAt }, paint);
}
