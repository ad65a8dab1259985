import { expect, it } from 'vitest';
import type { IngestState } from '../datasets/ingest-progress.js';
import { ProgressScreen } from '../platform/terminal.js';
import { IngestProgressLine } from './ingest-progress-line.js';

const state = (done: number, more: Partial<IngestState> = {}): IngestState => ({
  ...{ phase: 'pictures', done, files: 4_000, usable: done, setAside: 0, kept: 0 },
  ...more,
});

/** A screen, and a display whose clock a test sets. */
function display(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const screen = new ProgressScreen({ isTTY, write: (text) => written.push(text) });
  return { written, clock, shown: new IngestProgressLine(screen, () => clock.ms) };
}

it('elsewhere than on a terminal it writes a line every five seconds, with speed and time left', () => {
  const { written, clock, shown } = display(false);
  for (clock.ms = 0; clock.ms <= 11_000; clock.ms += 10) shown.show(state(clock.ms / 10 + 1));
  shown.end();
  expect(written).toEqual([
    'reading pictures: 501 of 4,000, 501 usable, 0 set aside, 100 files/s, 35 s left\n',
    'reading pictures: 1,001 of 4,000, 1,001 usable, 0 set aside, 100 files/s, 30 s left\n',
  ]);
});

it('on a terminal it writes one line over and over, and leaves it empty', () => {
  const { written, clock, shown } = display(true);
  for (clock.ms = 0; clock.ms <= 1_000; clock.ms += 50) shown.show(state(clock.ms / 50 + 1, { kept: 3, setAside: 2 }));
  shown.end();
  expect(written.slice(0, -1).every((text) => text.startsWith('\r\x1b[2K') && !text.includes('\n'))).toBe(true);
  expect(written[0]).toContain('2 set aside, 3 read before');
  expect(written.length).toBeLessThan(8);
  expect(written.at(-1)).toBe('\r\x1b[2K');
});

it('a new phase has its own speed', () => {
  const { written, clock, shown } = display(false);
  for (clock.ms = 0; clock.ms < 5_000; clock.ms += 10) shown.show(state(clock.ms / 10 + 1, { phase: 'headers' }));
  for (; clock.ms <= 10_500; clock.ms += 100) shown.show(state((clock.ms - 5_000) / 100 + 1));
  expect(written[1]).toContain(', 10 files/s');
});
