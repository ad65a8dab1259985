/** What masks cover of their pictures. */
export interface MaskAreas {
  readonly masks: number;
  /** Percents of the picture. */
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
  /** Masks in which nothing is marked. */
  readonly empty: number;
  /** Masks that cover nearly all of the picture. */
  readonly full: number;
}

interface MaskedExample {
  readonly rows: number;
  readonly columns: number;
  readonly maskPixels?: number | null;
}

/** A structure that covers more of a picture is more likely a mask that is full, or the ground instead of the structure. */
const NEARLY_ALL_PERCENT = 95;

/** Undefined where there are no masks. Examples that earlier agents stored do not say what their masks cover. */
export function maskAreas(examples: readonly MaskedExample[]): MaskAreas | undefined {
  const percents = examples
    .flatMap(({ rows, columns, maskPixels }) =>
      typeof maskPixels === 'number' ? (100 * maskPixels) / (rows * columns) : [],
    )
    .sort((a, b) => a - b);
  if (percents.length === 0) return undefined;
  const half = percents.length >> 1;
  return {
    masks: percents.length,
    median: percents.length % 2 === 1 ? percents[half]! : (percents[half - 1]! + percents[half]!) / 2,
    least: percents[0]!,
    greatest: percents.at(-1)!,
    empty: percents.filter((percent) => percent === 0).length,
    full: percents.filter((percent) => percent >= NEARLY_ALL_PERCENT).length,
  };
}

/** In a line, with what a person should look at. */
export function maskAreasText({ masks, median, least, greatest, empty, full }: MaskAreas): string {
  const percent = (value: number) => `${value >= 10 || value === 0 ? value.toFixed(0) : value.toPrecision(2)} %`;
  const said = [
    `${masks} masks: in the median ${percent(median)} of the picture is marked, from ${percent(least)} to ${percent(greatest)}`,
  ];
  if (empty > 0) said.push(`WARNING: ${empty} of them mark nothing (0 %)`);
  if (full > 0)
    said.push(`WARNING: ${full} of them mark nearly all (${NEARLY_ALL_PERCENT} % or more): full or inverted?`);
  else if (median > 50) said.push('WARNING: most mark more than half of the picture: inverted?');
  return said.join('; ');
}
