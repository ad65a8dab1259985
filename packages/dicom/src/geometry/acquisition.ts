import type { PictureKind } from './picture-kind.js';

/** How a slice was taken or made, as far as slices at one place may differ in it. */
export interface Acquisition {
  readonly kind: PictureKind | undefined;
  /** Numbers where they are numbers, of the units of the elements; what the file does not say is absent. */
  readonly values: Readonly<Partial<Record<Dimension, string | number>>>;
}

/**
 * In the order in which slices at one place are told apart by them. `contrast`: slices that differ in it show another thing, so that a
 * stack which mixes them is to be named. `order`: grows from slice to slice; only its order at a place says anything.
 */
export const DIMENSIONS = {
  ImageType: 'contrast',
  ComplexImageComponent: 'contrast',
  EchoTime: 'contrast',
  EchoNumbers: 'value',
  InversionTime: 'contrast',
  BValue: 'contrast',
  DiffusionDirection: 'value',
  FlipAngle: 'contrast',
  RepetitionTime: 'value',
  MagnetizationTransfer: 'contrast',
  KVP: 'contrast',
  ConvolutionKernel: 'contrast',
  ContrastBolusAgent: 'value',
  ContrastBolusPhase: 'contrast',
  ReceiveCoilName: 'value',
  SequenceName: 'value',
  CardiacPhase: 'value',
  RespiratoryPhase: 'value',
  TemporalPosition: 'value',
  StackId: 'value',
  AcquisitionNumber: 'value',
  TriggerTime: 'order',
  TemporalOffset: 'order',
  FrameReferenceTime: 'order',
  AcquisitionTime: 'order',
  ContentTime: 'order',
} as const satisfies Record<string, 'contrast' | 'value' | 'order'>;
export type Dimension = keyof typeof DIMENSIONS;

const NAMES = Object.keys(DIMENSIONS) as Dimension[];
const CONTRASTS = NAMES.filter((name) => DIMENSIONS[name] === 'contrast');
/** Numbers that differ by less are one: headers round, and scanners adjust. */
const SAME_NUMBER = 0.02;

/** What is told apart: a slice that knows its place in the order of places. */
export interface AtPlace {
  readonly acquisition: Acquisition | undefined;
  readonly place: number;
}

export interface ToldApart<T> {
  readonly groups: readonly (readonly T[])[];
  /** What they were told apart by. */
  readonly by: readonly Dimension[];
}

/**
 * Tells slices apart that lie at one place, by the first dimension in which they differ there and that makes whole groups; and each group
 * again. Slices that nothing tells apart stay together.
 */
export function tellApart<T extends AtPlace>(slices: readonly T[]): ToldApart<T> {
  const places = [...Map.groupBy(slices, ({ place }) => place).values()];
  if (places.every((own) => own.length === 1)) return { groups: [slices], by: [] };
  for (const name of NAMES) {
    if (!places.some((own) => new Set(own.map((slice) => saidOf(slice, name))).size > 1)) continue;
    const parts = DIMENSIONS[name] === 'order' ? byOrder(places, name) : byValue(slices, places, name);
    if (!parts) continue;
    const deeper = parts.map((part) => tellApart(part));
    const by = [...new Set([name, ...deeper.flatMap((told) => told.by)])];
    return { groups: deeper.flatMap(({ groups }) => groups), by };
  }
  return { groups: [slices], by: [] };
}

/** In what slices that make one stack differ although each shows another thing then. */
export function mixedIn(slices: readonly Pick<AtPlace, 'acquisition'>[]): Dimension[] {
  return CONTRASTS.filter((name) => {
    const values = new Set(slices.map((slice) => saidOf(slice, name)));
    if (values.size < 2) return false;
    const numbers = [...values].filter((value) => typeof value === 'number');
    if (numbers.length < values.size) return true;
    const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
    return greatest - least > SAME_NUMBER * Math.max(Math.abs(least), Math.abs(greatest));
  });
}

function saidOf({ acquisition }: Pick<AtPlace, 'acquisition'>, name: Dimension): string | number | undefined {
  return acquisition?.values[name];
}

/** Undefined where the groups would be scraps: a value that changes from slice to slice tells nothing apart. */
function byValue<T extends AtPlace>(
  slices: readonly T[],
  places: readonly unknown[],
  name: Dimension,
): T[][] | undefined {
  const parts = [...Map.groupBy(slices, (slice) => saidOf(slice, name)).values()];
  return slices.length / parts.length >= places.length / 2 ? parts : undefined;
}

/** The first at each place, the second at each, ...; only where every place was taken equally often, at different times. */
function byOrder<T extends AtPlace>(places: readonly (readonly T[])[], name: Dimension): T[][] | undefined {
  const times = places[0]!.length;
  const isOrdered = (own: readonly T[]) => {
    const numbers = new Set(own.map((slice) => saidOf(slice, name)));
    return own.length === times && numbers.size === times && [...numbers].every((value) => typeof value === 'number');
  };
  if (!places.every(isOrdered)) return undefined;
  const number = (slice: T) => saidOf(slice, name) as number;
  const sorted = places.map((own) => own.toSorted((a, b) => number(a) - number(b)));
  return Array.from({ length: times }, (_, pass) => sorted.map((own) => own[pass]!));
}
