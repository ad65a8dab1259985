import { expect, it } from 'vitest';
import { type GeometryFinding, geometrySentence } from './geometry-findings.js';
import type { Slice, SlicePlace } from './slice.js';
import { stackSlices } from './stack-slices.js';
import type { Vector } from './vectors.js';

const AXIAL = [1, 0, 0, 0, 1, 0] as const;
const CORONAL = [1, 0, 0, 0, 0, -1] as const;
/** Rows to the left, columns to the back and 30 degrees to the feet: the normal is (0, 0.5, 0.866). */
const TURNED = [1, 0, 0, 0, Math.sqrt(3) / 2, -0.5] as const;

function slice(position: Vector, changes: Partial<Slice> & { orientation?: SlicePlace['orientation'] } = {}): Slice {
  const { orientation = AXIAL, ...rest } = changes;
  return {
    place: { positionMm: position, orientation },
    pixelSpacingMm: { row: 0.7, column: 0.7 },
    rows: 512,
    columns: 512,
    instanceNumber: undefined,
    ...rest,
  };
}
const axial = (...zs: readonly number[]) => zs.map((z) => slice([-180, -170, z]));
const found = (slices: readonly Slice[]) => {
  const { stacks, findings } = stackSlices(slices);
  return { series: findings, stacks: stacks.map((stack) => stack.findings) };
};

it('slices are in the order of their places, whatever the order of files and numbers', () => {
  const slices = [30, 10, 20, 0].map((z, i) => slice([-180, -170, z], { instanceNumber: [1, 3, 2, 4][i] }));
  const { stacks, left, findings } = stackSlices(slices);
  expect(stacks).toEqual([
    { order: [3, 1, 2, 0], duplicates: [], alongMm: [0, 10, 20, 30], spacingMm: 10, normal: [0, 0, 1], findings: [] },
  ]);
  expect([left, findings]).toEqual([[], []]);
});

it('the order goes along row x column: to the feet, where columns run to the front', () => {
  const slices = [0, 10, 20].map((z) => slice([0, 0, z], { orientation: [1, 0, 0, 0, -1, 0] }));
  expect(stackSlices(slices).stacks[0]).toMatchObject({ order: [2, 1, 0], normal: [0, 0, -1], spacingMm: 10 });
});

it('missing slices are counted, gap by gap', () => {
  expect(found(axial(0, 2.5, 5, 12.5, 15, 20, 22.5, 25)).stacks).toEqual([
    [{ kind: 'missing-slices', slices: 3, gaps: 2 }],
  ]);
  // Places are rounded in headers.
  expect(found(axial(0, 2.5, 5.01, 7.49, 10)).stacks).toEqual([[]]);
});

it('distances that are no multiple of the usual one are uneven', () => {
  const [[finding] = []] = found(axial(0, 3, 6, 10, 13)).stacks;
  expect(finding).toEqual({ kind: 'uneven-spacing', leastMm: 3, greatestMm: 4 });
  expect(found(axial(0, 3, 4, 7, 13)).stacks[0]).toEqual([
    { kind: 'missing-slices', slices: 1, gaps: 1 },
    { kind: 'uneven-spacing', leastMm: 1, greatestMm: 6 },
  ]);
});

it('of slices at one place the first by number counts, the others are named', () => {
  const slices = [
    slice([0, 0, 5], { instanceNumber: 9 }),
    ...axial(0, 10),
    slice([0, 0, 5.004], { instanceNumber: 2 }),
  ];
  const moved = slices.map((s) => ({
    ...s,
    place: { ...s.place!, positionMm: [0, 0, s.place!.positionMm[2]] as const },
  }));
  expect(stackSlices(moved).stacks).toEqual([
    expect.objectContaining({
      order: [1, 3, 2],
      duplicates: [0],
      findings: [{ kind: 'duplicates', slices: 1, places: 1 }],
    }),
  ]);
});

it('a series that took every place equally often is several stacks, split by instance number', () => {
  // Numbers run through the places of a pass, then through those of the next.
  const slices = [0, 5, 10, 0, 5, 10].map((z, i) => slice([0, 0, z], { instanceNumber: i + 1 }));
  const { stacks, findings } = stackSlices(slices);
  expect(findings).toEqual([{ kind: 'several-passes', passes: 2 }]);
  expect(stacks.map(({ order }) => order)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  // And the other way round: all passes of a place, then those of the next.
  const echoes = [0, 0, 5, 5, 10, 10].map((z, i) => slice([0, 0, z], { instanceNumber: i + 1 }));
  expect(stackSlices(echoes).stacks.map(({ order }) => order)).toEqual([
    [0, 2, 4],
    [1, 3, 5],
  ]);
});

it('orientations, sizes and pixel spacings are kept apart, the largest stack first', () => {
  const scout = slice([0, 0, 0], { orientation: CORONAL });
  const small = [0, 5].map((z) => slice([0, 0, z], { rows: 256 }));
  const wide = [0, 5].map((z) => slice([0, 0, z], { pixelSpacingMm: { row: 0.7, column: 0.8 } }));
  const { stacks, findings } = stackSlices([scout, ...small, ...axial(0, 5, 10), ...wide]);
  expect(stacks.map(({ order }) => order)).toEqual([[3, 4, 5], [1, 2], [6, 7], [0]]);
  expect(findings).toEqual([
    { kind: 'several-sizes', sizes: 3 },
    { kind: 'several-orientations', orientations: 2 },
  ]);
  expect(stacks.slice(1).map((stack) => stack.findings)).toEqual([
    [{ kind: 'two-slices' }],
    [{ kind: 'two-slices' }],
    [{ kind: 'single-slice' }],
  ]);
  // Rows that run the other way are another picture, though the plane is the same.
  expect(stackSlices([...axial(0), slice([0, 0, 5], { orientation: [-1, 0, 0, 0, -1, 0] })]).stacks).toHaveLength(2);
  // Last digits are not.
  const digits = [0, 5, 10].map((z) => slice([0, 0, z], { orientation: [1, z * 1e-5, 0, 0, 1, 0] }));
  expect(stackSlices(digits).stacks).toHaveLength(1);
});

it('an oblique stack is in order along its own normal, and the angle is told', () => {
  const slices = [2, 0, 1].map((n) => slice([7, 0.5 * 4 * n, (Math.sqrt(3) / 2) * 4 * n], { orientation: TURNED }));
  const [stack] = stackSlices(slices).stacks;
  expect(stack!.order).toEqual([1, 2, 0]);
  expect(stack!.spacingMm).toBeCloseTo(4, 9);
  expect(stack!.findings).toEqual([{ kind: 'oblique', degrees: expect.closeTo(30, 9) }]);
});

it('a gantry tilt is slices that follow each other aslant to their normal', () => {
  const slope = Math.tan((15 * Math.PI) / 180);
  const slices = [0, 1, 2, 3, 4].map((n) => slice([0, slope * 5 * n, 5 * n]));
  expect(found(slices).stacks).toEqual([[{ kind: 'tilted', degrees: expect.closeTo(15, 9) }]]);
  // One slice out of line is no tilt.
  const shifted = axial(0, 5, 10, 15, 20).map((s, i) => (i === 4 ? slice([-180 + 3, -170 + 4, 20]) : s));
  expect(found(shifted).stacks).toEqual([[{ kind: 'shifted', slices: 1, greatestMm: 5 }]]);
  // Nor are rounded places.
  expect(found([0, 1, 2, 3, 4].map((n) => slice([0.004 * (-1) ** n, 0, n]))).stacks).toEqual([[]]);
});

it('slices without a place, or with directions that are none, belong to no stack', () => {
  const nowhere = { ...slice([0, 0, 0]), place: undefined };
  const bent = slice([0, 0, 1], { orientation: [1, 0, 0, 0.7, 0.7, 0] });
  const zero = slice([0, 0, 2], { orientation: [0, 0, 0, 0, 0, 0] });
  const lost = slice([Number.NaN, 0, 0]);
  const far = slice([0, 1e300, 0]);
  const { stacks, left, findings } = stackSlices([nowhere, ...axial(0, 5), bent, zero, lost, far]);
  expect(stacks.map(({ order }) => order)).toEqual([[1, 2]]);
  expect(left).toEqual([0, 3, 4, 5, 6]);
  expect(findings).toEqual([
    { kind: 'no-place', slices: 1 },
    { kind: 'directions-invalid', slices: 4 },
  ]);
  expect(stackSlices([])).toEqual({ stacks: [], left: [], findings: [] });
});

it('numbers that go up and down are told, and pixels without a size', () => {
  const slices = [1, 3, 2, 4].map((instanceNumber, i) =>
    slice([0, 0, 5 * i], { instanceNumber, pixelSpacingMm: undefined }),
  );
  expect(found(slices).stacks).toEqual([[{ kind: 'no-pixel-spacing' }, { kind: 'numbers-out-of-order' }]]);
});

it('the same slices in any order give the same stacks', () => {
  const slices = [0, 5, 10, 15, 15, 30].map((z, i) => slice([0, 0, z], { instanceNumber: i + 1 }));
  const numbersOf = (list: readonly Slice[]) =>
    stackSlices(list).stacks.map(({ order, duplicates, findings }) => ({
      order: order.map((i) => list[i]!.instanceNumber),
      duplicates: duplicates.map((i) => list[i]!.instanceNumber),
      findings,
    }));
  const expected = numbersOf(slices);
  expect(numbersOf(slices.toReversed())).toEqual(expected);
  expect(numbersOf([3, 1, 5, 0, 4, 2].map((i) => slices[i]!))).toEqual(expected);
});

it('whatever headers say, every slice is in one stack or in none, and places grow', () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const directions = [AXIAL, CORONAL, TURNED, [1, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0]] as const;
  for (let round = 0; round < 2000; round++) {
    const slices = Array.from({ length: random(12) }, () =>
      slice([random(2), random(3) / 100, random(5) * 5 + random(3) / 200], {
        orientation: directions[random(directions.length)]!,
        instanceNumber: random(4) || undefined,
        rows: 5 + random(2),
      }),
    );
    const { stacks, left } = stackSlices(slices);
    const all = [...left, ...stacks.flatMap(({ order, duplicates }) => [...order, ...duplicates])];
    expect(all.toSorted((a, b) => a - b)).toEqual(slices.map((_, index) => index));
    for (const { alongMm } of stacks)
      for (let i = 1; i < alongMm.length; i++) expect(alongMm[i]!).toBeGreaterThan(alongMm[i - 1]!);
  }
});

it('every finding has a sentence of its own', () => {
  const all: GeometryFinding[] = [
    { kind: 'no-place', slices: 1 },
    { kind: 'directions-invalid', slices: 2 },
    { kind: 'several-sizes', sizes: 3 },
    { kind: 'several-orientations', orientations: 4 },
    { kind: 'several-passes', passes: 5 },
    { kind: 'single-slice' },
    { kind: 'two-slices' },
    { kind: 'duplicates', slices: 6, places: 7 },
    { kind: 'missing-slices', slices: 8, gaps: 9 },
    { kind: 'uneven-spacing', leastMm: 1.234, greatestMm: 5.678 },
    { kind: 'oblique', degrees: 12.34 },
    { kind: 'tilted', degrees: 15.06 },
    { kind: 'shifted', slices: 10, greatestMm: 11.119 },
    { kind: 'no-pixel-spacing' },
    { kind: 'numbers-out-of-order' },
  ];
  const sentences = all.map(geometrySentence);
  expect(new Set(sentences).size).toBe(all.length);
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
  expect(sentences.slice(8, 12)).toEqual([
    '8 slices missing, in 9 gaps.',
    'Slices lie 1.23 to 5.68 mm apart: no even grid.',
    'Oblique: 12.3 degrees off the axes of the patient.',
    'Tilted: slices follow each other 15.1 degrees off their normal (gantry tilt), the grid is sheared.',
  ]);
});
