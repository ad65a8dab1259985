/** A span of the day in local time; `from` after `to` runs over midnight. Minutes since midnight. */
export interface Hours {
  readonly fromMinute: number;
  readonly toMinute: number;
}

const DAY_MINUTES = 24 * 60;

/** `20:00-06:00`; undefined when the text is no such span, or an empty one. */
export function parseHours(text: string): Hours | undefined {
  const parts = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text);
  if (!parts) return undefined;
  const [h1, m1, h2, m2] = parts.slice(1).map(Number) as [number, number, number, number];
  const [fromMinute, toMinute] = [h1 * 60 + m1, h2 * 60 + m2];
  const isGood = m1 < 60 && m2 < 60 && fromMinute < DAY_MINUTES && toMinute <= DAY_MINUTES && fromMinute !== toMinute;
  return isGood ? { fromMinute, toMinute } : undefined;
}

export function isWithin(hours: Hours, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  const { fromMinute, toMinute } = hours;
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}

/** The next time that the clock on the wall shows the beginning, or (`to`) the end, of the hours. */
export function nextEdge(hours: Hours, edge: 'from' | 'to', now: Date): Date {
  const minute = edge === 'from' ? hours.fromMinute : hours.toMinute;
  const at = new Date(now);
  at.setHours(0, minute, 0, 0);
  // Through the calendar, not by 24 hours: days of 23 and 25 hours exist.
  if (at <= now) at.setHours(24, minute, 0, 0);
  return at;
}
