/** Between two lines that stay. */
export const LINES_EVERY_MS = 5_000;
/** A rate is that of so much time past, so that it follows the work without jumping. */
export const RATE_OVER_MS = 10_000;

/** A time to wait, as exactly as a person wants to know it. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
