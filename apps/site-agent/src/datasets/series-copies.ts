/** A series that is another one's copy. */
export interface SeriesCopy<T> {
  readonly gone: readonly T[];
  /** What each of `gone` is a copy of. */
  readonly stays: readonly T[];
}

/** What so many series show at one place, pixel by pixel, is a picture of nothing. */
const SERIES_OF_NOTHING = 64;

/**
 * Series that show the same, of one patient or two: every slice of the shorter one that shows anything equals one of the other at the same place.
 * The shorter one goes, of equally long ones the later.
 */
export function seriesCopies<T extends { readonly slice: string | undefined }>(
  all: readonly (readonly T[])[],
): SeriesCopy<T>[] {
  const owners = new Map<string, Set<number>>();
  for (const [at, pictures] of all.entries())
    for (const { slice } of pictures) owners.set(slice!, (owners.get(slice!) ?? new Set()).add(at));
  const isTelling = ({ slice }: T) => owners.get(slice!)!.size <= SERIES_OF_NOTHING;
  const series = all.map((pictures) => pictures.filter(isTelling));
  const shared = new Map<string, number>();
  for (const [a, pictures] of series.entries())
    for (const { slice } of pictures)
      for (const b of owners.get(slice!)!) if (b > a) shared.set(`${a} ${b}`, (shared.get(`${a} ${b}`) ?? 0) + 1);
  const copies: SeriesCopy<T>[] = [];
  const gone = new Set<number>();
  for (const [pair, count] of shared) {
    const [a, b] = pair.split(' ').map(Number) as [number, number];
    const [shorter, longer] = series[a]!.length < series[b]!.length ? [a, b] : [b, a];
    const pictures = series[shorter]!;
    if (gone.has(a) || gone.has(b) || count < pictures.length) continue;
    gone.add(shorter);
    const others = new Map(series[longer]!.map((one) => [one.slice, one]));
    copies.push({ gone: pictures, stays: pictures.map(({ slice }) => others.get(slice)!) });
  }
  return copies;
}
