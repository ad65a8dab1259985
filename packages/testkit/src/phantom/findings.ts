import type { SeededRandom } from '../seeded-random.js';
import { type Anatomy, lungAt } from './anatomy.js';
import { type Canvas, smoothStep, toSegment } from './canvas.js';
import type { Difficulty } from './difficulty.js';

/** An opacity in a lung: an irregular outline around (x, y), solid or hollow. */
export interface Finding {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Waves of the outline: amplitude (share of the radius) and phase of the second to fourth harmonic. */
  readonly waves: readonly { readonly amplitude: number; readonly phase: number }[];
  readonly softness: number;
  readonly density: number;
  readonly hollow:
    | { readonly depth: number; readonly radius: number; readonly x: number; readonly y: number }
    | undefined;
}

export function makeFinding(
  random: SeededRandom,
  anatomy: Anatomy,
  difficulty: Difficulty,
  apart: readonly Finding[] = [],
): Finding {
  const radius = random.uniform(...difficulty.radius);
  const place = placeInLung(random, anatomy, radius, apart);
  return {
    ...place,
    radius,
    waves: [2, 3, 4].map((harmonic) => ({
      amplitude: random.uniform(0.03, 0.36 / harmonic),
      phase: random.uniform(0, 2 * Math.PI),
    })),
    softness: random.uniform(0.12, 0.3),
    density: difficulty.density * random.uniform(1 - difficulty.densitySpread, 1 + difficulty.densitySpread),
    hollow: undefined,
  };
}

/** The same finding with a hollow. What the hollow lacks the wall gains: the added density in sum stays the same. */
export function hollowed(random: SeededRandom, finding: Finding, depth: number, share: number): Finding {
  const radius = share * random.uniform(0.88, 1.08);
  const offset = random.uniform(0, (1 - radius) * 0.35);
  const angle = random.uniform(0, 2 * Math.PI);
  return {
    ...finding,
    density: finding.density / (1 - depth * radius * radius),
    hollow: { depth, radius, x: offset * Math.cos(angle), y: offset * Math.sin(angle) },
  };
}

function placeInLung(random: SeededRandom, anatomy: Anatomy, radius: number, apart: readonly Finding[]) {
  for (let attempt = 0; ; attempt++) {
    const lung = anatomy.lungs[random.integer(0, 1)]!;
    const x = lung.x + random.uniform(-1, 1) * lung.halfWidth;
    const y = random.uniform(lung.top, lung.bottom);
    const isFree = apart.every((other) => Math.hypot(x - other.x, y - other.y) > 1.2 * (radius + other.radius));
    // Most of the finding lies over the lung; after many failures a crowded film takes what it gets.
    const offsets = [0, 1, 2, 3, 4, 5].map((k) => (k * Math.PI) / 3);
    const reach = 0.7 * radius;
    const isInside = offsets.every((angle) =>
      anatomy.lungs.some(
        (one) => lungAt(anatomy, one, x + reach * Math.cos(angle), y + reach * Math.sin(angle), 0.02) > 0.5,
      ),
    );
    if ((isFree && isInside) || attempt > 400) return { x, y };
  }
}

/** Distance from the centre in units of the outline's radius in that direction. */
function reachAt(finding: Finding, x: number, y: number): number {
  const angle = Math.atan2(y - finding.y, x - finding.x);
  let outline = 1;
  finding.waves.forEach(({ amplitude, phase }, i) => {
    outline += amplitude * Math.cos((i + 2) * angle + phase);
  });
  return Math.hypot(x - finding.x, y - finding.y) / (finding.radius * outline);
}

export function isInFinding(finding: Finding, x: number, y: number): boolean {
  return reachAt(finding, x, y) <= 1;
}

export function drawFinding(canvas: Canvas, finding: Finding): void {
  const { softness, hollow, radius } = finding;
  canvas.draw(
    (x, y, value) => {
      const reach = reachAt(finding, x, y);
      let density = smoothStep(1 + softness, 1 - softness, reach);
      if (hollow !== undefined) {
        const inner = reachAt(finding, x - hollow.x * radius, y - hollow.y * radius) / hollow.radius;
        density -= hollow.depth * smoothStep(1 + softness, 1 - softness, inner);
      }
      return value + finding.density * density;
    },
    { x: finding.x, y: finding.y, reach: radius * 2.2 },
  );
}

/** Most distractors of each kind in a film of a site; a film has between none and so many. */
export interface Clutter {
  /** Electrodes of a monitor, with their leads. */
  readonly electrodes: number;
  /** Calcified nodules: small and very bright. */
  readonly nodules: number;
  /** Bronchi seen end-on: rings, smaller than a cavity. */
  readonly bronchi: number;
  /** Catheters across the chest, each with its port and a coil. */
  readonly catheters: number;
}

/** Draws things as bright as a finding that are none. */
export function drawClutter(
  canvas: Canvas,
  random: SeededRandom,
  anatomy: Anatomy,
  clutter: Clutter,
  difficulty: Difficulty,
): void {
  const repeat = (most: number, draw: () => void) => {
    for (let left = random.integer(0, Math.round(most * difficulty.distractors)); left > 0; left--) draw();
  };
  repeat(clutter.electrodes, () => drawElectrode(canvas, random));
  repeat(clutter.nodules, () => {
    const radius = random.uniform(0.025, 0.05);
    const place = placeInLung(random, anatomy, radius, []);
    drawDisc(canvas, place, radius, difficulty.density * random.uniform(1.2, 2.2), 0.25);
  });
  repeat(clutter.bronchi, () => {
    const radius = random.uniform(0.06, 0.1);
    const place = placeInLung(random, anatomy, radius, []);
    drawRing(canvas, place, radius, 0.62, difficulty.density * random.uniform(1, 1.8));
  });
  repeat(clutter.catheters, () => drawCatheter(canvas, random));
}

function drawCatheter(canvas: Canvas, random: SeededRandom): void {
  const side = random.sign();
  const port = { x: side * random.uniform(0.3, 0.6), y: random.uniform(-0.5, 0.3) };
  const bend = { x: side * random.uniform(0.15, 0.45), y: port.y - random.uniform(0.15, 0.3) };
  const tip = { x: side * random.uniform(0.02, 0.1), y: random.uniform(-0.2, 0.2) };
  for (const [from, to] of [
    [port, bend],
    [bend, tip],
  ] as const) {
    const reach = Math.hypot(to.x - from.x, to.y - from.y) + 0.05;
    canvas.draw((x, y, value) => value + 0.12 * smoothStep(0.02, 0.01, toSegment(x, y, from, to).distance), {
      ...from,
      reach,
    });
  }
  const density = random.uniform(0.15, 0.25);
  const [width, height] = [random.uniform(0.05, 0.08), random.uniform(0.04, 0.06)];
  canvas.draw(
    (x, y, value) => {
      const outside = Math.max(Math.abs(x - port.x) / width, Math.abs(y - port.y) / height);
      return value + density * smoothStep(1.1, 0.9, outside);
    },
    { ...port, reach: 0.15 },
  );
  drawRing(canvas, bend, random.uniform(0.07, 0.12), 0.75, random.uniform(0.12, 0.2));
}

/** A disc less a smaller disc: a ring whose hole takes this share of its radius. */
function drawRing(
  canvas: Canvas,
  place: { readonly x: number; readonly y: number },
  radius: number,
  hole: number,
  density: number,
): void {
  drawDisc(canvas, place, radius, density, 0.25);
  drawDisc(canvas, place, radius * hole, -density, 0.25);
}

function drawElectrode(canvas: Canvas, random: SeededRandom): void {
  const place = { x: random.sign() * random.uniform(0.2, 0.65), y: random.uniform(-0.6, 0.5) };
  const radius = random.uniform(0.06, 0.09);
  const density = random.uniform(0.12, 0.22);
  drawDisc(canvas, place, radius, density, 0.08);
  drawDisc(canvas, place, radius * 0.35, density, 0.1);
  const end = { x: place.x + random.uniform(-0.3, 0.3), y: random.chance(0.5) ? -1.1 : 1.1 };
  const reach = Math.hypot(end.x - place.x, end.y - place.y);
  canvas.draw((x, y, value) => value + 0.1 * smoothStep(0.016, 0.006, toSegment(x, y, place, end).distance), {
    ...place,
    reach,
  });
}

function drawDisc(
  canvas: Canvas,
  place: { readonly x: number; readonly y: number },
  radius: number,
  density: number,
  softness: number,
): void {
  canvas.draw(
    (x, y, value) =>
      value + density * smoothStep(1 + softness, 1 - softness, Math.hypot(x - place.x, y - place.y) / radius),
    { ...place, reach: radius * 1.5 },
  );
}
