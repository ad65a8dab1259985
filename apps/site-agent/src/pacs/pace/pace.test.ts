import { expect, it } from 'vitest';
import { DEFAULT_PACE, type Pace } from '../request.js';
import { isWithin, nextEdge, parseHours } from './hours.js';
import { HoursEnded, PaceKeeper, type WallClock } from './pace-keeper.js';

const NEVER = new AbortController().signal;
const NIGHT = parseHours('20:00-06:00')!;

/** A clock that waiting moves. */
class TestClock implements WallClock {
  readonly waits: number[] = [];
  constructor(private at: Date) {}
  now(): Date {
    return this.at;
  }
  async wait(ms: number): Promise<void> {
    this.waits.push(ms);
    this.at = new Date(this.at.getTime() + ms);
  }
}

const at = (hour: number, minute = 0) => new Date(2024, 2, 5, hour, minute);
const keeper = (pace: Partial<Pace>, clock: WallClock, seen: (Date | undefined)[] = []) =>
  new PaceKeeper({ ...DEFAULT_PACE, ...pace }, (until) => seen.push(until), clock);

it('knows the hours of a night and of a day', () => {
  expect([19, 20, 23, 0, 5, 6, 12].map((hour) => isWithin(NIGHT, at(hour)))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  const day = parseHours('9:30-17:00')!;
  expect([at(9, 29), at(9, 30), at(16, 59), at(17)].map((now) => isWithin(day, now))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(nextEdge(NIGHT, 'from', at(12))).toEqual(at(20));
  expect(nextEdge(NIGHT, 'from', at(21))).toEqual(new Date(2024, 2, 6, 20));
  expect(nextEdge(NIGHT, 'to', at(21))).toEqual(new Date(2024, 2, 6, 6));
});

it.each(['20-6', '20:00', '25:00-06:00', '20:60-06:00', '08:00-08:00', '-1:00-2:00', '20:00-06:00 '])(
  'takes %j for no hours',
  (text) => {
    expect(parseHours(text)).toBeUndefined();
  },
);

it('waits until the hours begin, and says so', async () => {
  const clock = new TestClock(at(19, 57));
  const seen: (Date | undefined)[] = [];
  await keeper({ hours: NIGHT }, clock, seen).waitForHours(NEVER);
  expect(clock.now()).toEqual(at(20));
  expect(seen).toEqual([at(20), at(20), at(20), undefined]);
});

it('breaks off when the hours end', async () => {
  const clock = new TestClock(at(5, 59));
  const work = keeper({ hours: NIGHT }, clock).withinHours(NEVER, async (signal) => {
    await clock.wait(120_000);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('broken off'))));
  });
  await expect(work).rejects.toBeInstanceOf(HoursEnded);
});

it('spreads studies over the minute, for all connections together', async () => {
  const clock = new TestClock(at(12));
  const pace = keeper({ studiesPerMinute: 6 }, clock);
  for (let i = 0; i < 4; i++) await pace.beforeStudy(NEVER);
  expect(clock.now().getTime() - at(12).getTime()).toBe(30_000);
});

it('holds the bytes back to what is allowed', async () => {
  const clock = new TestClock(at(12));
  const pace = keeper({ bytesPerSecond: 1000 }, clock);
  for (let i = 0; i < 100; i++) await pace.afterBytes(50, NEVER);
  const seconds = (clock.now().getTime() - at(12).getTime()) / 1000;
  expect(seconds).toBeGreaterThan(4.8);
  expect(seconds).toBeLessThanOrEqual(5);
});

it('stops waiting at once', async () => {
  const stop = new AbortController();
  const waiting = new PaceKeeper({ ...DEFAULT_PACE, studiesPerMinute: 1 }, () => {});
  await waiting.beforeStudy(stop.signal);
  const second = waiting.beforeStudy(stop.signal);
  stop.abort();
  await expect(second).rejects.toMatchObject({ code: 'STOPPED' });
});
