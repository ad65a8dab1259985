import type { SeededRandom } from '../seeded-random.js';
import { type Canvas, smoothStep, toSegment } from './canvas.js';

/** One patient's chest: everything about the body that stays the same from film to film. */
export interface Anatomy {
  readonly sex: 'F' | 'M';
  readonly ageYears: number;
  readonly trunkHalfWidth: number;
  readonly lungs: readonly [Lung, Lung];
  readonly heart: { readonly x: number; readonly y: number; readonly a: number; readonly b: number };
  readonly ribs: { readonly first: number; readonly step: number; readonly slope: number; readonly density: number };
  readonly vessels: readonly Vessel[];
  readonly softness: number;
}

export interface Lung {
  /** -1 at the left of the picture (the patient's right lung), 1 at its right. */
  readonly side: -1 | 1;
  readonly x: number;
  readonly halfWidth: number;
  readonly top: number;
  readonly bottom: number;
  readonly dome: number;
}

interface Vessel {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
  readonly width: number;
  readonly density: number;
}

/** Densities, in units of a chest's soft tissue. */
const AIR_IN_LUNG = 0.46;
const SOFT_TISSUE = 0.66;

export function makeAnatomy(random: SeededRandom, sex: 'F' | 'M', ageYears: number): Anatomy {
  const size = (sex === 'F' ? 0.95 : 1.02) * random.normal(1, 0.035);
  const lung = (side: -1 | 1): Lung => ({
    side,
    x: side * random.normal(0.405, 0.015) * size,
    halfWidth: random.normal(0.285, 0.014) * size,
    top: -0.78 * size + random.normal(0, 0.02),
    bottom: (side < 0 ? 0.44 : 0.5) * size + random.normal(0, 0.035),
    dome: random.uniform(0.12, 0.22),
  });
  const lungs = [lung(-1), lung(1)] as const;
  return {
    sex,
    ageYears,
    trunkHalfWidth: 0.83 * size,
    lungs,
    heart: {
      x: random.normal(0.1, 0.025),
      y: random.normal(0.2, 0.03),
      a: random.normal(0.31, 0.03) * (1 + Math.max(0, ageYears - 50) / 350),
      b: random.normal(0.25, 0.02),
    },
    ribs: {
      first: random.normal(-0.68, 0.025),
      step: random.normal(0.148, 0.006) * size,
      slope: random.normal(0.3, 0.05),
      density: random.uniform(0.8, 1.15) * (1 - Math.max(0, ageYears - 55) / 200),
    },
    vessels: lungs.flatMap((one) => makeVessels(random, one)),
    softness: random.uniform(0.9, 1.1),
  };
}

/** Vessels leave the hilum and branch once; their crossings are what small opacities are mistaken for. */
function makeVessels(random: SeededRandom, lung: Lung): Vessel[] {
  const hilum = { x: lung.side * 0.17, y: random.normal(-0.06, 0.03) };
  const vessels: Vessel[] = [];
  for (let branch = 0; branch < 8; branch++) {
    const angle = -1.25 + (branch * 2.5) / 7 + random.normal(0, 0.12);
    const length = random.uniform(0.16, 0.3);
    const direction = (turn: number, reach: number, from: { x: number; y: number }) => ({
      x: from.x + lung.side * Math.cos(angle + turn) * reach,
      y: from.y + Math.sin(angle + turn) * reach,
    });
    const fork = direction(0, length, hilum);
    const density = random.uniform(0.05, 0.1);
    vessels.push({ from: hilum, to: fork, width: random.uniform(0.013, 0.022), density });
    for (const turn of [random.uniform(0.15, 0.55), -random.uniform(0.15, 0.55)]) {
      const to = direction(turn, random.uniform(0.12, 0.24), fork);
      vessels.push({ from: fork, to, width: random.uniform(0.006, 0.012), density: density * 0.75 });
    }
  }
  return vessels;
}

/** 1 inside the lung, 0 outside, with an edge as soft as `edge`. The heart and the diaphragm are left out. */
export function lungAt(anatomy: Anatomy, lung: Lung, x: number, y: number, edge: number): number {
  const middle = (lung.top + lung.bottom + 0.1) / 2;
  const halfHeight = (lung.bottom + 0.1 - lung.top) / 2;
  const t = (y - lung.top) / (lung.bottom - lung.top);
  const widening = Math.min(1, Math.max(0, t)) ** 0.7;
  const halfWidth = lung.halfWidth * (0.62 + 0.5 * widening);
  // The apex leans towards the spine, the base away from it.
  const u = (x - lung.x + lung.side * 0.09 * (1 - widening)) / halfWidth;
  if (Math.abs(u) >= 1 || Math.abs(y - middle) >= halfHeight) return 0;
  const outline = Math.sqrt(Math.abs(u) ** 2.6 + Math.abs((y - middle) / halfHeight) ** 2.8);
  const inside = smoothStep(0, edge * 4, 1 - outline);
  if (inside === 0) return 0;
  const diaphragm = lung.bottom - lung.dome * Math.cos((Math.PI / 2) * Math.min(1, Math.abs(x - lung.x) / 0.36)) + 0.06;
  const above = smoothStep(0, edge, diaphragm - y);
  return inside * above * (1 - heartAt(anatomy, x, y, edge));
}

function heartAt({ heart }: Anatomy, x: number, y: number, edge: number): number {
  const [cosine, sine] = [0.82, 0.57];
  const u = (x - heart.x) * cosine + (y - heart.y) * sine;
  const v = (y - heart.y) * cosine - (x - heart.x) * sine;
  if (Math.abs(u) > 1.1 * heart.a || Math.abs(v) > 1.1 * heart.b) return 0;
  return smoothStep(0, edge * 6, 1.06 - Math.hypot(u / heart.a, v / heart.b));
}

/** Draws the body. `boneContrast` is high for a low tube voltage and low for a high one. */
export function drawAnatomy(canvas: Canvas, anatomy: Anatomy, boneContrast: number): void {
  const edge = Math.max(0.02, canvas.pixel * 1.5);
  drawSoftTissue(canvas, anatomy, edge);
  drawVessels(canvas, anatomy);
  drawBones(canvas, anatomy, boneContrast);
}

function drawSoftTissue(canvas: Canvas, anatomy: Anatomy, edge: number): void {
  const { trunkHalfWidth, lungs, heart, softness } = anatomy;
  canvas.draw((x, y) => {
    const shoulder = trunkHalfWidth + 0.2 * smoothStep(-0.1, -0.7, y) - 0.66 * smoothStep(-0.7, -1.08, y);
    const trunk = smoothStep(0, 0.1, shoulder - Math.abs(x));
    if (trunk === 0) return 0.02;
    const thickness = Math.sqrt(Math.max(0.1, 1 - (x / (shoulder + 0.08)) ** 2));
    let density = SOFT_TISSUE * softness * (0.55 + 0.45 * thickness);
    for (const lung of lungs) density -= AIR_IN_LUNG * lungAt(anatomy, lung, x, y, edge);
    density += 0.04 * heartAt(anatomy, x, y, edge * 2.5);
    density += 0.12 * Math.exp(-((x / 0.13) ** 2)); // mediastinum and spine in one shadow
    density += 0.16 * smoothStep(0.3, 0.75, y); // abdomen
    density -= 0.09 * Math.exp(-(((x - 0.01) / 0.035) ** 2)) * smoothStep(-0.2, -0.5, y); // trachea
    if (anatomy.sex === 'F') density += breastAt(x, y, heart.y);
    return trunk * density;
  });
}

function breastAt(x: number, y: number, heartY: number): number {
  const distance = Math.hypot((Math.abs(x) - 0.45) / 0.32, (y - heartY - 0.14) / 0.25);
  return 0.09 * smoothStep(0, 0.3, 1 - distance);
}

function drawVessels(canvas: Canvas, { vessels }: Anatomy): void {
  for (const { from, to, width, density } of vessels) {
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const reach = Math.hypot(to.x - from.x, to.y - from.y) / 2 + 4 * width;
    canvas.draw(
      (x, y, value) => {
        const { distance, along } = toSegment(x, y, from, to);
        return value + density * (1 - 0.4 * along) * Math.exp(-((distance / width) ** 2));
      },
      { ...middle, reach },
    );
  }
}

function drawBones(canvas: Canvas, anatomy: Anatomy, boneContrast: number): void {
  const { ribs, trunkHalfWidth } = anatomy;
  const density = 0.085 * boneContrast * ribs.density;
  const halfWidth = 0.036;
  canvas.draw((x, y, value) => {
    const lateral = Math.abs(x);
    if (lateral > trunkHalfWidth) return value;
    const within = smoothStep(0, 0.05, trunkHalfWidth - 0.06 - lateral) * smoothStep(0.05, 0.12, lateral);
    const back = ribProfile(y - ribs.slope * lateral * lateral * 1.6, ribs.first, ribs.step, halfWidth);
    const front = ribProfile(y + 0.75 * lateral, ribs.first + 0.37, ribs.step, halfWidth * 0.9);
    const isFront = smoothStep(0.25, 0.4, lateral);
    const vertebra = 0.5 + 0.5 * Math.cos((2 * Math.PI * (y - ribs.first)) / (ribs.step * 0.9));
    const spine = smoothStep(0.02, 0, lateral - 0.07) * (0.5 + 0.5 * vertebra);
    const clavicle = clavicleAt(lateral, y, ribs.first);
    return value + density * (within * (back + 0.55 * isFront * front) + 0.7 * spine + 1.3 * clavicle);
  });
}

/** Ribs are tubes: their edges are denser than their middle. */
function ribProfile(y: number, first: number, step: number, halfWidth: number): number {
  const index = Math.round((y - first) / step);
  if (index < 0 || index > 8) return 0;
  const distance = Math.abs(y - first - index * step) / halfWidth;
  return distance > 1.15 ? 0 : (0.6 + 0.4 * distance * distance) * smoothStep(1.15, 0.9, distance);
}

function clavicleAt(lateral: number, y: number, first: number): number {
  const { distance } = toSegment(lateral, y, { x: 0.07, y: first + 0.05 }, { x: 0.72, y: first - 0.1 });
  return smoothStep(0.05, 0.025, distance);
}
