import { setTimeout as pause } from 'node:timers/promises';
import { median } from './bench.ts';
import { type ForeignLoad, withForeignLoad } from './foreign-load.ts';
import { type Step, Stepper } from './stepper.ts';

/** One process that takes part in a comparison, and what it has measured so far. */
export interface Contestant {
  readonly name: string;
  readonly stepper: Stepper;
  readonly steps: Step[];
  /** While all of them took their turns. */
  load: ForeignLoad;
}

export type Command = readonly [name: string, file: string, args: readonly string[]];

export interface Turns {
  /** Steps that are not counted at all: V8 begins with its baseline compilers. */
  readonly warmUp: number;
  readonly turns: number;
  /** Steps of a turn: the first finds cold caches and is not counted. */
  readonly stepsOfATurn: number;
}

/** Until the threads of the one before sleep. */
const PAUSE_MS = 250;

/** Starts those that can start; says why one is left out. */
export async function startAll(commands: readonly Command[]): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const [name, file, args] of commands) {
    try {
      contestants.push({ name, stepper: await Stepper.start(file, args), steps: [], load: { cores: null } });
    } catch (error) {
      process.stderr.write(`${name}: left out, ${(error as Error).message}\n`);
    }
  }
  return contestants;
}

/** Lets all of them step in turns, so that what else the machine does falls on each alike; then stops them. */
export async function takeTurns(title: string, all: readonly Contestant[], how: Turns): Promise<void> {
  try {
    for (const { stepper } of all) for (let i = 0; i < how.warmUp; i++) await stepper.step();
    const { load } = await withForeignLoad(() => stepInTurns(title, all, how));
    for (const contestant of all) contestant.load = load;
  } finally {
    await Promise.all(all.map(({ stepper }) => stepper.stop()));
  }
}

async function stepInTurns(title: string, all: readonly Contestant[], how: Turns): Promise<void> {
  for (let turn = 0; turn < how.turns; turn++) {
    process.stderr.write(`${title}: turn ${turn + 1} of ${how.turns}\n`);
    for (const { stepper, steps } of all) {
      await pause(PAUSE_MS);
      for (let i = 0; i < how.stepsOfATurn; i++) {
        const step = await stepper.step();
        if (i > 0) steps.push(step);
      }
    }
  }
}

export const medianMs = ({ steps }: Contestant) => median(steps.map((step) => step.ms));
export const peakBytes = ({ steps }: Contestant) => Math.max(...steps.map((step) => step.bytes));
