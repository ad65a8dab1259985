import { type Dimension, mixedIn, tellApart } from './acquisition.js';
import type { SeriesFinding, StackFinding } from './geometry-findings.js';
import { stackFindings } from './judge-stack.js';
import { apartInSeries } from './picture-kind.js';
import {
  columnDirection,
  hasDirections,
  normalOf,
  type PlacedSlice,
  rowDirection,
  type Slice,
  type SlicePlace,
} from './slice.js';
import { degreesBetween, dot, type Vector } from './vectors.js';

/** Slices of one orientation, size and pixel spacing, one at each place, in the order of their places along the normal. */
export interface SliceStack {
  /** Numbers of the slices in the input. */
  readonly order: readonly number[];
  /** Numbers of slices that lie where one of `order` lies. */
  readonly duplicates: readonly number[];
  /** Where along the normal each slice of `order` lies. */
  readonly alongMm: readonly number[];
  /** From one slice to the next: the usual distance along the normal. Undefined for a single slice. */
  readonly spacingMm: number | undefined;
  readonly normal: Vector;
  readonly findings: readonly StackFinding[];
}

export interface SeriesGeometry {
  /** The largest first. */
  readonly stacks: readonly SliceStack[];
  /** Numbers of slices that belong to none. */
  readonly left: readonly number[];
  readonly findings: readonly SeriesFinding[];
}

/** Directions that differ by less are one: header text is rounded, and scanners repeat it with other last digits. */
const SAME_DIRECTION_DEGREES = 0.1;
const SAME_SPACING_RATIO = 1e-3;
/** Slices that lie closer to each other are at one place. */
const SAME_PLACE_MM = 0.01;

/**
 * Puts the slices of one series in order: by their places along the normal of their planes, never by file name or instance number.
 * Slices of another orientation, size or pixel spacing make a stack of their own; so do, of several at one place, those of each echo, b-value,
 * phase (see `DIMENSIONS`), and where nothing tells them apart each pass of a series that took every place equally often. What is no slice
 * (see `apartInSeries`) is left out.
 *
 * Shapes   a stack of n slices is a volume [n, rows, columns]; n grows along row x column.
 * Units    mm; degrees.
 * Numbers  directions within 0.1 degree are one, places within 0.01 mm are one. The same slices in another order give the same
 *          stacks as long as their instance numbers differ.
 * Source   DICOM PS3.3 C.7.6.2.1.1 (image position and orientation).
 */
export function stackSlices(slices: readonly Slice[]): SeriesGeometry {
  const placed: { index: number; slice: Slice; place: SlicePlace }[] = [];
  const left: number[] = [];
  let withoutPlace = 0;
  const apart = apartInSeries(slices.map(({ acquisition }) => acquisition?.kind));
  slices.forEach((slice, index) => {
    if (apart.has(index)) left.push(index);
    else if (slice.place && hasDirections(slice.place)) placed.push({ index, slice, place: slice.place });
    else {
      left.push(index);
      if (!slice.place) withoutPlace++;
    }
  });
  const byNumber = placed.sort((a, b) => numberOf(a.slice) - numberOf(b.slice) || a.index - b.index);
  const sizes = grouped(byNumber, (a, b) => hasSameGrid(a.slice, b.slice));
  const groups = sizes.flatMap((size) => grouped(size, (a, b) => hasSameDirections(a.place, b.place)));
  const orientations = grouped(byNumber, (a, b) => hasSameDirections(a.place, b.place)).length;
  const told = groups.map((group) => tellApart(placesOf(group)));
  const passes = told.flatMap((one) => one.groups.map(passesOf));
  const stacks = passes.flat().map(stackOf);
  const findings: SeriesFinding[] = [];
  if (withoutPlace > 0) findings.push({ kind: 'no-place', slices: withoutPlace });
  const invalid = left.length - withoutPlace - apart.size;
  if (invalid > 0) findings.push({ kind: 'directions-invalid', slices: invalid });
  for (const [what, own] of Map.groupBy(apart.values(), (why) => why))
    findings.push({ kind: 'other-pictures', slices: own.length, what });
  if (sizes.length > 1) findings.push({ kind: 'several-sizes', sizes: sizes.length });
  if (orientations > 1) findings.push({ kind: 'several-orientations', orientations });
  const by = [...new Set(told.flatMap((one) => one.by))];
  if (by.length > 0) findings.push({ kind: 'several-contrasts', stacks: told.reduce(contrastStacks, 0), by });
  const most = Math.max(0, ...passes.map((list) => list.length));
  if (most > 1) findings.push({ kind: 'several-passes', passes: most });
  return { stacks: stacks.sort((a, b) => b.order.length - a.order.length), left, findings };
}

/** Places of a stack with their slices, the first by instance number first. */
type Places = readonly (readonly PlacedSlice[])[];

/** Slices of one grid and direction with the number of their place, from 0 along the normal. */
function placesOf(group: readonly Omit<PlacedSlice, 'alongMm'>[]) {
  const normal = normalOf(group[0]!.place);
  const sorted = group
    .map((placed) => ({ placed: { ...placed, alongMm: dot(placed.place.positionMm, normal) } }))
    .sort((a, b) => a.placed.alongMm - b.placed.alongMm);
  let place = 0;
  let startMm = sorted[0]!.placed.alongMm;
  return sorted.map(({ placed }) => {
    if (placed.alongMm - startMm >= SAME_PLACE_MM) {
      place += 1;
      startMm = placed.alongMm;
    }
    return { placed, place, acquisition: placed.slice.acquisition };
  });
}

/** One list of places a pass: several where every place, of at least two, was taken equally often. */
function passesOf(group: readonly ReturnType<typeof placesOf>[number][]): Places[] {
  const places = [...Map.groupBy(group, ({ place }) => place).values()].map((own) =>
    own.map(({ placed }) => placed).sort((a, b) => numberOf(a.slice) - numberOf(b.slice) || a.index - b.index),
  );
  places.sort((a, b) => a[0]!.alongMm - b[0]!.alongMm);
  const times = places[0]!.length;
  if (times === 1 || places.length === 1 || places.some((place) => place.length !== times)) return [places];
  return Array.from({ length: times }, (_, pass) => places.map((place) => [place[pass]!]));
}

/** Of series whose slices differ at a place; the groups of orientations and sizes that do not are none of them. */
function contrastStacks(sum: number, { groups, by }: { groups: readonly unknown[]; by: readonly Dimension[] }): number {
  return by.length === 0 ? sum : sum + groups.length;
}

function stackOf(places: Places): SliceStack {
  const stack = places.map((place) => place[0]!);
  const duplicates = places.flatMap((place) => place.slice(1).map(({ index }) => index));
  const spacingMm = usualSpacing(stack);
  const normal = normalOf(stack[0]!.place);
  const mixed = mixedIn(stack.map(({ slice: { acquisition } }) => ({ acquisition })));
  const crowded = places.filter((place) => place.length > 1).length;
  return {
    order: stack.map(({ index }) => index),
    duplicates,
    alongMm: stack.map(({ alongMm }) => alongMm),
    spacingMm,
    normal,
    findings: [
      ...(crowded > 0 ? [{ kind: 'duplicates', slices: duplicates.length, places: crowded } as const] : []),
      ...(mixed.length > 0 ? [{ kind: 'mixed-contrasts', by: mixed } as const] : []),
      ...stackFindings(stack, spacingMm),
    ],
  };
}

/** The median distance (of two in the middle the smaller one): a gap or two do not move it. */
function usualSpacing(stack: readonly PlacedSlice[]): number | undefined {
  const gaps = stack.slice(1).map(({ alongMm }, i) => alongMm - stack[i]!.alongMm);
  return gaps.sort((a, b) => a - b)[(gaps.length - 1) >> 1];
}

/** Each member joins the first group whose first member is like it. */
function grouped<T>(members: readonly T[], isLike: (a: T, b: T) => boolean): T[][] {
  const groups: T[][] = [];
  for (const member of members) {
    const own = groups.find((group) => isLike(group[0]!, member));
    if (own) own.push(member);
    else groups.push([member]);
  }
  return groups;
}

function hasSameGrid(a: Slice, b: Slice): boolean {
  if (a.rows !== b.rows || a.columns !== b.columns) return false;
  const [own, other] = [a.pixelSpacingMm, b.pixelSpacingMm];
  if (!own || !other) return own === other;
  const isSame = (x: number, y: number) => Math.abs(x - y) <= SAME_SPACING_RATIO * Math.max(x, y);
  return isSame(own.row, other.row) && isSame(own.column, other.column);
}

/** Not only the same planes: rows that run the other way are another picture. */
function hasSameDirections(a: SlicePlace, b: SlicePlace): boolean {
  return [rowDirection, columnDirection].every(
    (of) => dot(of(a), of(b)) > 0 && degreesBetween(of(a), of(b)) < SAME_DIRECTION_DEGREES,
  );
}

function numberOf({ instanceNumber }: Slice): number {
  return instanceNumber ?? Number.MAX_SAFE_INTEGER;
}
