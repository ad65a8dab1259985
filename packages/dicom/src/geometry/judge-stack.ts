import type { StackFinding } from './geometry-findings.js';
import { columnDirection, normalOf, type PlacedSlice, rowDirection } from './slice.js';
import { degreesBetween, degreesOffAxis, lengthOf, plus, scaled, type Vector } from './vectors.js';

/** A gap may differ from the usual one by so much of it and still be one. */
const EVEN_SHARE = 0.05;
/** A gap within this of a multiple of the usual one is where slices are missing. */
const MULTIPLE_SHARE = 0.15;
const OBLIQUE_DEGREES = 0.1;
const TILT_DEGREES = 0.5;
const SHIFT_MM = 0.5;

/** What is to be said of slices that are in order, one at each place. `spacingMm` is the usual distance along the normal. */
export function stackFindings(stack: readonly PlacedSlice[], spacingMm: number | undefined): StackFinding[] {
  const findings: StackFinding[] = [];
  const [first] = stack;
  if (first === undefined) return findings;
  if (first.slice.pixelSpacingMm === undefined) findings.push({ kind: 'no-pixel-spacing' });
  const directions = [rowDirection(first.place), columnDirection(first.place), normalOf(first.place)];
  const degrees = Math.max(...directions.map(degreesOffAxis));
  if (degrees > OBLIQUE_DEGREES) findings.push({ kind: 'oblique', degrees });
  if (spacingMm === undefined) return [{ kind: 'single-slice' }, ...findings];
  if (stack.length === 2) findings.push({ kind: 'two-slices' });
  return [...findings, ...gaps(stack, spacingMm), ...drift(stack), ...numbers(stack)];
}

function gaps(stack: readonly PlacedSlice[], spacingMm: number): StackFinding[] {
  const widths = stack.slice(1).map(({ alongMm }, i) => alongMm - stack[i]!.alongMm);
  let missing = 0;
  let holes = 0;
  const uneven = widths.filter((width) => {
    const times = width / spacingMm;
    if (Math.abs(times - 1) <= EVEN_SHARE) return false;
    if (times < 1.5 || Math.abs(times - Math.round(times)) > MULTIPLE_SHARE) return true;
    missing += Math.round(times) - 1;
    holes++;
    return false;
  });
  const findings: StackFinding[] = [];
  if (missing > 0) findings.push({ kind: 'missing-slices', slices: missing, gaps: holes });
  if (uneven.length > 0)
    findings.push({ kind: 'uneven-spacing', leastMm: least(widths), greatestMm: greatest(widths) });
  return findings;
}

/** Whether first pixels lie on a line along the normal, on one aslant, or not on one. Medians, so that a few do not bend the line. */
function drift(stack: readonly PlacedSlice[]): StackFinding[] {
  const half = stack.length >> 1;
  const slope = middleOf(
    stack.slice(half).map((far, i) => {
      const near = stack[i]!;
      return scaled(plus(far.place.positionMm, near.place.positionMm, -1), 1 / (far.alongMm - near.alongMm));
    }),
  );
  const starts = stack.map(({ place, alongMm }) => plus(place.positionMm, slope, -alongMm));
  const start = middleOf(starts);
  const offLine = starts.map((own) => lengthOf(plus(own, start, -1)));
  const shifted = offLine.filter((mm) => mm > SHIFT_MM).length;
  const degrees = degreesBetween(slope, normalOf(stack[0]!.place));
  const findings: StackFinding[] = [];
  if (degrees > TILT_DEGREES) findings.push({ kind: 'tilted', degrees });
  if (shifted > 0) findings.push({ kind: 'shifted', slices: shifted, greatestMm: greatest(offLine) });
  return findings;
}

function middleOf(vectors: readonly Vector[]): Vector {
  const middle = (axis: 0 | 1 | 2) => vectors.map((v) => v[axis]).sort((a, b) => a - b)[vectors.length >> 1]!;
  return [middle(0), middle(1), middle(2)];
}

/** Numbers may run either way; those that are missing or equal say nothing. */
function numbers(stack: readonly PlacedSlice[]): StackFinding[] {
  const given = stack.flatMap(({ slice: { instanceNumber } }) =>
    instanceNumber === undefined ? [] : [instanceNumber],
  );
  const steps = given.slice(1).map((number, i) => Math.sign(number - given[i]!));
  return steps.includes(1) && steps.includes(-1) ? [{ kind: 'numbers-out-of-order' }] : [];
}

const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
const greatest = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
