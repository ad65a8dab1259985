import { isInSlice, type SlicePlace, type Vector } from '@consilium/dicom';
import type { JoinKeys } from './keyed-hash.js';

/** Slices of one direction: where each lies along their normal. */
interface Stack {
  readonly normal: Vector;
  readonly offsetsMm: number[];
  isSorted: boolean;
}

interface Series {
  readonly key: string;
  readonly study: string;
  readonly patient: string;
  readonly frameOfReference: string;
  readonly stacks: Stack[];
  slices: number;
}

/** Directions that differ by less are one (cosine of .6 degrees). */
const SAME_DIRECTION = 0.99994;
/** Slices nearer than this are at one place: echoes, phases. */
const ONE_PLACE_MM = 1e-3;

/** Where the slices of a folder lie: whom a label object can be about. All names are keyed hashes. */
export class SeriesSlices {
  private readonly series = new Map<string, Series>();
  private readonly seriesOfInstance = new Map<string, string>();

  /** A picture file; one that is not used is known by its instance alone. */
  add(keys: JoinKeys, frameOfReference: string, places: readonly (SlicePlace | null | undefined)[]): void {
    this.seriesOfInstance.set(keys.instance, keys.series);
    const known = this.series.get(keys.series);
    const { study, patient, series: key } = keys;
    const series = known ?? { key, study, patient, frameOfReference, stacks: [], slices: 0 };
    if (!known) this.series.set(key, series);
    for (const place of places) if (place) addSlice(series, place);
  }

  /** The series and study of a picture of this folder. */
  ofInstance(instance: string): Pick<Series, 'key' | 'study'> | undefined {
    const key = this.seriesOfInstance.get(instance);
    return key === undefined ? undefined : this.series.get(key);
  }

  hasStudy(study: string): boolean {
    return [...this.series.values()].some((series) => series.study === study);
  }

  /** The series that lie in one of these frames of reference. */
  inFrames(framesOfReference: ReadonlySet<string>): Series[] {
    return [...this.series.values()].filter(
      ({ frameOfReference }) => frameOfReference !== '' && framesOfReference.has(frameOfReference),
    );
  }

  slicesOf(series: string): number {
    return this.series.get(series)?.slices ?? 0;
  }

  /** From a slice to the nearest other place of its series; undefined where there is none. */
  gapMm(series: string, place: SlicePlace): number | undefined {
    const normal = normalOf(place);
    const stack = this.series.get(series)?.stacks.find((one) => isOneDirection(one.normal, normal));
    return stack && gapIn(sorted(stack), dot(place.positionMm, stack.normal));
  }

  /** Whether one slice of a series is the only one in which all the points lie. */
  fits(series: string, pointsMm: readonly Vector[]): boolean {
    const [first] = pointsMm;
    if (first === undefined) return false;
    return (this.series.get(series)?.stacks ?? []).some((stack) => {
      const offsets = sorted(stack);
      const nearest = nearestOf(offsets, dot(first, stack.normal));
      const gap = gapIn(offsets, nearest);
      return pointsMm.every((point) => isInSlice(Math.abs(dot(point, stack.normal) - nearest), gap));
    });
  }
}

function addSlice(series: Series, place: SlicePlace): void {
  const normal = normalOf(place);
  let stack = series.stacks.find((one) => isOneDirection(one.normal, normal));
  if (!stack) {
    stack = { normal, offsetsMm: [], isSorted: true };
    series.stacks.push(stack);
  }
  stack.offsetsMm.push(dot(place.positionMm, stack.normal));
  stack.isSorted = false;
  series.slices += 1;
}

function sorted(stack: Stack): readonly number[] {
  if (!stack.isSorted) stack.offsetsMm.sort((a, b) => a - b);
  stack.isSorted = true;
  return stack.offsetsMm;
}

/** The number of offsets below a value. */
function countBelow(offsets: readonly number[], value: number): number {
  let [low, high] = [0, offsets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nearestOf(offsets: readonly number[], value: number): number {
  const at = countBelow(offsets, value);
  const [below, above] = [offsets[at - 1], offsets[at]];
  if (below === undefined || above === undefined) return below ?? above!;
  return value - below < above - value ? below : above;
}

function gapIn(offsets: readonly number[], own: number): number | undefined {
  const below = offsets[countBelow(offsets, own - ONE_PLACE_MM) - 1];
  const above = offsets[countBelow(offsets, own + ONE_PLACE_MM)];
  const gaps = [below, above].flatMap((other) => (other === undefined ? [] : Math.abs(other - own)));
  return gaps.length === 0 ? undefined : Math.min(...gaps);
}

function normalOf({ orientation: [rx, ry, rz, cx, cy, cz] }: SlicePlace): Vector {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}

function isOneDirection(a: Vector, b: Vector): boolean {
  return Math.abs(dot(a, b)) >= SAME_DIRECTION;
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
