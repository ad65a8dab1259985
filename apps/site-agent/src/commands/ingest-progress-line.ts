import type { IngestState } from '../datasets/ingest-progress.js';
import type { ProgressScreen } from '../platform/terminal.js';
import { durationText, LINES_EVERY_MS, RATE_OVER_MS } from './progress-pace.js';

const TERMINAL_MS = 200;

/** Shows how far a reading is: what is done, how fast, and how long it will take at that speed. */
export class IngestProgressLine {
  private readonly everyMs: number;
  private shownAt: number;
  private phase: IngestState['phase'] | undefined;
  private marks: { at: number; done: number }[] = [];
  private isLineOpen = false;

  constructor(
    private readonly screen: ProgressScreen,
    private readonly now: () => number = Date.now,
  ) {
    this.everyMs = screen.isTerminal ? TERMINAL_MS : LINES_EVERY_MS;
    this.shownAt = now();
  }

  show(state: IngestState): void {
    const now = this.now();
    if (state.phase !== this.phase) {
      this.phase = state.phase;
      this.marks = [{ at: now, done: state.done - 1 }];
    }
    if (now - this.shownAt < this.everyMs) return;
    this.shownAt = now;
    this.marks = this.marks.filter(({ at }, i) => now - at < RATE_OVER_MS || i === this.marks.length - 1);
    const text = progressLine(state, this.perSecond(state, now));
    this.marks.push({ at: now, done: state.done });
    if (this.screen.isTerminal) this.screen.rewrite(text);
    else this.screen.say(text);
    this.isLineOpen = this.screen.isTerminal;
  }

  /** The terminal's line is free again. */
  end(): void {
    if (this.isLineOpen) this.screen.clear();
    this.isLineOpen = false;
  }

  private perSecond({ done }: IngestState, now: number): number {
    const { at, done: before } = this.marks[0]!;
    return now > at ? ((done - before) * 1000) / (now - at) : 0;
  }
}

export function progressLine(state: IngestState, perSecond: number): string {
  const { phase, done, files, usable, setAside, kept } = state;
  const number = (n: number) => n.toLocaleString('en-GB');
  const parts = [
    `${phase === 'headers' ? 'looking at headers' : 'reading pictures'}: ${number(done)} of ${number(files)}`,
  ];
  if (phase === 'pictures') parts.push(`${number(usable)} usable`);
  parts.push(`${number(setAside)} set aside`);
  if (kept > 0) parts.push(`${number(kept)} read before`);
  if (perSecond > 0)
    parts.push(`${number(Math.round(perSecond))} files/s`, `${durationText((files - done) / perSecond)} left`);
  return parts.join(', ');
}
