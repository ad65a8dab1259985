import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CaseReport, Share } from './runner.ts';

/** Longer without a word from a process means that it hangs: the pool ends its threads after 30 s. */
const SILENCE_MS = 60_000;
/** What is not done in a thread of the pool must not keep the agent busy for longer. */
const LONGEST_MS = 30_000;
/** Then it is not the cases that they die of. */
const DEATHS_IN_A_ROW = 5;
const RUNNER = fileURLToPath(new URL('runner.ts', import.meta.url));

export interface FuzzOptions {
  readonly seed: number;
  readonly from: number;
  readonly end: number;
  readonly processes: number;
  readonly folder: string;
  readonly progress: (done: number) => void;
  /** Ends the processes; what they have found until then is the result. */
  readonly signal: AbortSignal;
}

export interface Failure {
  readonly number: number;
  readonly what: string;
  readonly problem: string;
}

export interface FuzzResult {
  readonly cases: number;
  /** Part -> outcome -> how many. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly failures: readonly Failure[];
  readonly peakRssBytes: number;
  readonly slowest: { readonly number: number; readonly what: string; readonly part: string; readonly ms: number };
}

/** Shares the cases out to processes of their own, so that what dies or hangs is known by its number. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const tally = new Tally(options.progress);
  const { processes, from } = options;
  await Promise.all(Array.from({ length: processes }, (_, i) => runShare(from + i, i, options, tally)));
  return tally.result();
}

async function runShare(from: number, index: number, options: FuzzOptions, tally: Tally): Promise<void> {
  const { seed, end, processes: step, folder, signal } = options;
  let deathsInARow = 0;
  for (let next = from; next < end && deathsInARow < DEATHS_IN_A_ROW && !signal.aborted; ) {
    const share: Share = { seed, from: next, end, step, folder: join(folder, `process-${index}`) };
    const ended = await runProcess(
      share,
      (report) => {
        tally.take(report);
        deathsInARow = 0;
        next = report.number + step;
      },
      signal,
    );
    if (ended === undefined || signal.aborted) return;
    tally.fail({ number: next, what: 'the process that examined it', problem: ended });
    next += step;
    deathsInARow += 1;
  }
}

/** Undefined when it did all it was told; else what became of it. */
function runProcess(
  share: Share,
  take: (report: CaseReport) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
  const child = fork(RUNNER, [], { execArgv: flags, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const said = saidBy(child);
  return new Promise((resolve) => {
    let isSilent = false;
    let timer = setTimeout(onSilence, SILENCE_MS);
    function onSilence() {
      isSilent = true;
      child.kill('SIGKILL');
    }
    child.on('message', (report: CaseReport) => {
      clearTimeout(timer);
      timer = setTimeout(onSilence, SILENCE_MS);
      take(report);
    });
    const onAbort = () => child.kill('SIGKILL');
    signal.addEventListener('abort', onAbort);
    child.on('exit', (code, killedBy) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      const text = said();
      if (isSilent) resolve(`no word for ${SILENCE_MS / 1000} s ${text}`);
      else if (code !== 0) resolve(`ended with ${killedBy ?? code} ${text}`);
      else resolve(text === '' ? undefined : `printed ${text}`);
    });
    child.send(share);
  });
}

/** Nothing may be printed: what codecs and parsers print is text of the file, and would go to the agent's log. */
function saidBy(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      if (text.length < 4096) text += chunk.toString('latin1');
    });
  return () => (text === '' ? '' : JSON.stringify(text));
}

class Tally {
  private readonly outcomes: Record<string, Record<string, number>> = {};
  private readonly failures: Failure[] = [];
  private readonly progress: (done: number) => void;
  private cases = 0;
  private peakRssBytes = 0;
  private slowest = { number: -1, what: '', part: '', ms: 0 };

  constructor(progress: (done: number) => void) {
    this.progress = progress;
  }

  take(report: CaseReport): void {
    const { number, what } = report;
    this.progress(++this.cases);
    this.peakRssBytes = Math.max(this.peakRssBytes, report.rssBytes);
    for (const [part, outcome] of report.outcomes) {
      const counts = this.outcomes[part] ?? {};
      this.outcomes[part] = { ...counts, [outcome]: (counts[outcome] ?? 0) + 1 };
    }
    for (const [part, ms] of Object.entries(report.ms)) {
      if (ms > this.slowest.ms) this.slowest = { number, what, part, ms };
    }
    for (const [part, ms] of Object.entries(report.busyMs))
      if (ms > LONGEST_MS) this.fail({ number, what, problem: `${part}: busy for ${ms.toFixed(0)} ms` });
    for (const problem of report.problems) this.fail({ number, what, problem });
  }

  fail(failure: Failure): void {
    this.failures.push(failure);
  }

  result(): FuzzResult {
    const { cases, outcomes, failures, peakRssBytes, slowest } = this;
    return { cases, outcomes, failures, peakRssBytes, slowest };
  }
}
