/** Above this bound a figure is not resolved. */
const RESOLVED_WITHIN = 0.005;

export function isUnresolved(bound: number | null): boolean {
  return bound !== null && bound > RESOLVED_WITHIN;
}

/** `0.839 ±0.002`; with a question mark where the bound is so wide that the figure is not resolved; a dash for what is not defined. */
export function figure(value: number | null | undefined, bound?: number | null): string {
  if (value === null || value === undefined) return '–';
  if (bound === undefined || bound === null) return value.toFixed(3);
  return `${value.toFixed(3)} ±${bound.toFixed(3)}${isUnresolved(bound) ? '?' : ''}`;
}

/** What the question mark says, below any table that has one. */
export const UNRESOLVED =
  `? not resolved: scores are counted in bins, and this figure may be more than ${RESOLVED_WITHIN} from that of the scores ` +
  'themselves. Two figures can be told apart beyond the sum of their bounds (±).';

/** Of whom figures are: `2 of 3 sites, 122 films`. */
export function ofSitesText(sites: number, asked: number, films: number): string {
  return `${sites} of ${asked} ${asked === 1 ? 'site' : 'sites'}, ${films} ${films === 1 ? 'film' : 'films'}`;
}
