import type { FetchProgress } from '../pacs/request.js';
import { type ProgressScreen, SCREEN } from '../platform/terminal.js';
import { durationText, LINES_EVERY_MS, RATE_OVER_MS } from './progress-pace.js';

const MEGABYTE = 1e6;

/** How a fetch goes on: on a terminal one line that is written anew, elsewhere a line every few seconds. On standard error. */
export class FetchProgressLine {
  private readonly past: { readonly at: number; readonly progress: FetchProgress }[] = [];
  private writtenAt = 0;
  private isOpen = false;

  constructor(
    private readonly screen: ProgressScreen = SCREEN,
    private readonly isJson = false,
    private readonly now: () => number = Date.now,
  ) {}

  readonly show = (progress: FetchProgress): void => {
    const at = this.now();
    this.past.push({ at, progress });
    while (this.past.length > 2 && at - this.past[0]!.at > RATE_OVER_MS) this.past.shift();
    const isSoon = at - this.writtenAt < LINES_EVERY_MS;
    if (isSoon && (this.isJson || !this.screen.isTerminal)) return;
    this.writtenAt = at;
    const line = this.isJson ? JSON.stringify(progress) : describe(progress, this.past);
    if (this.isJson || !this.screen.isTerminal) this.screen.say(line);
    else {
      this.screen.rewrite(line);
      this.isOpen = true;
    }
  };

  /** Leaves the line, so that what follows begins on one of its own. */
  end(): void {
    if (this.isOpen) this.screen.leave();
    this.isOpen = false;
  }
}

function describe(progress: FetchProgress, past: readonly { at: number; progress: FetchProgress }[]): string {
  const { studies, studiesExpected, instances, instancesExpected, bytes, waitsUntil } = progress;
  const counts =
    `${studies} of ${studiesExpected} studies, ${instances} of ${instancesExpected} instances, ` +
    `${(bytes / MEGABYTE).toFixed(1)} MB`;
  if (waitsUntil) return `${counts}; outside the hours, waiting until ${clock(waitsUntil)}`;
  const [first, last] = [past[0]!, past.at(-1)!];
  const seconds = (last.at - first.at) / 1000;
  if (seconds < 1) return counts;
  const rate = (bytes - first.progress.bytes) / MEGABYTE / seconds;
  const instancesASecond = (instances - first.progress.instances) / seconds;
  const left = instancesExpected - instances;
  const eta = left > 0 && instancesASecond > 0 ? `, about ${durationText(left / instancesASecond)} left` : '';
  return `${counts}, ${rate.toFixed(1)} MB/s${eta}`;
}

function clock(at: Date): string {
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
}
