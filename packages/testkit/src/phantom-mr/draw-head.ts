import type { Lesion } from '../phantom-volume/lesion.js';
import type { PlaneField } from '../phantom-volume/plane-field.js';
import { ellipsoid, type Point, type Solid } from '../phantom-volume/solids.js';
import type { SeededRandom } from '../seeded-random.js';
import { brainDepth, cortexDepth, type Head } from './head.js';
import type { TissueName } from './tissues.js';

/** What may be mistaken for a lesion, in patients with one and without alike. */
export interface HeadClutter {
  /** Spaces around vessels and old holes, full of fluid: bright in T2, dark in FLAIR. */
  readonly spaces: readonly Solid[];
  /** Small and faint bright spots of white matter. */
  readonly spots: readonly Solid[];
}

export function makeClutter(random: SeededRandom, head: Head, count: number): HeadClutter {
  const spaces: Solid[] = [];
  const spots: Solid[] = [];
  for (let i = 0; i < count; i++) {
    const radius = random.uniform(1.2, 3.2);
    spaces.push(ellipsoid(placeInBrain(random, head, 6, [-25, 55]), [radius, radius, radius * 1.6]));
    const size = random.uniform(2, 4.5);
    spots.push(ellipsoid(placeInBrain(random, head, 12, [-25, 55]), [size, size * 1.3, size]));
  }
  return { spaces, spots };
}

/** A point of the brain at least so deep inside and outside the ventricles, with a height from the range, evenly. */
export function placeInBrain(
  random: SeededRandom,
  head: Head,
  depthMm: number,
  [low, high]: readonly [number, number],
): Point {
  const z = random.uniform(low, high);
  const [a, b] = head.brain;
  for (let attempt = 0; attempt < 400; attempt++) {
    const [x, y] = [random.uniform(-a, a), random.uniform(-b, b)];
    const needed = depthMm * (1 - attempt / 400);
    const isFree = head.ventricles.every((part) => part.depthAt(x, y, z) < -0.6 * needed);
    if (isFree && brainDepth(head, x, y, z) > needed) return [x, y, z];
  }
  return [0.5 * a, 0, z];
}

/** Paints the signal of each tissue, what is inside over what is outside. */
export function drawHead(
  field: PlaneField,
  head: Head,
  clutter: HeadClutter,
  lesions: readonly Lesion[],
  signalOf: (tissue: TissueName) => number,
): void {
  for (const part of head.face) field.paint(part, faceSignal(head, signalOf));
  drawShell(field, head, signalOf);
  drawBrain(field, head, signalOf);
  for (const part of head.deepGrey) paintInBrain(field, head, part, signalOf('deepGrey'), 2.5);
  if (head.capMm > 0.3) {
    for (const part of head.ventricles) paintInBrain(field, head, grown(part, head.capMm), signalOf('cap'), 2);
  }
  for (const part of clutter.spots) paintInBrain(field, head, part, signalOf('cap'), 2.5);
  const [white, ill] = [signalOf('white'), signalOf('lesion')];
  for (const { solid, strength } of lesions) {
    paintInBrain(field, head, solid, white + Math.min(1.15, 0.85 * strength + 0.1) * (ill - white), 1.6);
  }
  for (const part of [...head.ventricles, ...clutter.spaces]) paintInBrain(field, head, part, signalOf('fluid'), 1);
}

function faceSignal({ texture }: Head, signalOf: (tissue: TissueName) => number) {
  const [skin, fat, muscle] = [signalOf('skin'), signalOf('fat'), signalOf('muscle')];
  return (depth: number, x: number, y: number, z: number) => {
    if (depth < 2) return skin;
    return depth < 6 || texture(0.3 * x, 0.3 * y, 0.3 * z) > 0.9 ? fat : muscle;
  };
}

/** Scalp, skull and the fluid below it. */
function drawShell(field: PlaneField, head: Head, signalOf: (tissue: TissueName) => number): void {
  const { fluidMm, skullMm, scalpMm } = head;
  const outside = fluidMm + skullMm + scalpMm;
  const solid: Solid = {
    center: [0, 0, 0],
    reachMm: 1.1 * Math.max(...head.brain) + outside,
    depthAt: (x, y, z) => brainDepth(head, x, y, z) + outside,
  };
  const layers: [number, number][] = [
    [1.5, signalOf('skin')],
    [scalpMm, signalOf('fat')],
    [scalpMm + 0.3 * skullMm, signalOf('compactBone')],
    [scalpMm + 0.7 * skullMm, signalOf('marrow')],
    [scalpMm + skullMm, signalOf('compactBone')],
    [Number.POSITIVE_INFINITY, signalOf('fluid')],
  ];
  field.paint(solid, (depth) => layers.find(([below]) => depth < below)![1]);
}

function drawBrain(field: PlaneField, head: Head, signalOf: (tissue: TissueName) => number): void {
  const [fluid, grey, white] = [signalOf('fluid'), signalOf('grey'), signalOf('white')];
  const soft = Math.max(0.9, field.edgeMm);
  const solid: Solid = {
    center: [0, 0, 0],
    reachMm: 1.1 * Math.max(...head.brain),
    depthAt: (x, y, z) => brainDepth(head, x, y, z),
  };
  field.paint(solid, (depth, x, y, z) => {
    const inside = cortexDepth(head, depth, x, y, z) - head.foldGapMm;
    const greyShare = clamp(0.5 + inside / soft);
    const whiteShare = clamp(0.5 + (inside - head.cortexMm) / soft);
    const value = fluid + greyShare * (grey - fluid);
    return (value + whiteShare * (white - value)) * (1 + 0.02 * head.texture(x, y, z));
  });
}

/** With an edge of its own softness, and never outside the brain. */
function paintInBrain(field: PlaneField, head: Head, solid: Solid, value: number, softMm: number): void {
  const depthAt = (x: number, y: number, z: number) => {
    const depth = solid.depthAt(x, y, z);
    return depth < -3 ? depth : Math.min(depth, brainDepth(head, x, y, z) - 1);
  };
  field.paint({ ...solid, depthAt }, value, Math.max(softMm, field.edgeMm));
}

function grown(solid: Solid, byMm: number): Solid {
  return { ...solid, reachMm: solid.reachMm + byMm, depthAt: (x, y, z) => solid.depthAt(x, y, z) + byMm };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
