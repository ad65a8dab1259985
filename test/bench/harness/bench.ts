import type { ForeignLoad } from './foreign-load.ts';

/** One figure. `median` is over `runs` measurements of this one run of the bench; `ratio` compares it with `against`. */
export interface Row {
  /** Names the figure for ever: `bench.what.variant`. */
  readonly id: string;
  readonly what: string;
  readonly median: number;
  readonly unit: string;
  readonly runs: number;
  readonly against: string | null;
  readonly ratio: number | null;
  /** What else the machine did meanwhile. */
  readonly load: ForeignLoad;
}

export interface BenchOptions {
  /** What to compare with, one of the bench's `peers`. */
  readonly peer?: string;
}

/** What a file `test/bench/NAME.ts` exports: the bench itself, and the peers it can be compared with. */
export interface BenchModule {
  readonly default: (options: BenchOptions) => Promise<Row[]>;
  readonly peers?: readonly string[];
}

export interface Report {
  readonly bench: string;
  readonly machine: Readonly<Record<string, string | number>>;
  /** The system's load of one minute when the bench began. */
  readonly loadBefore: number;
  readonly rows: readonly Row[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new RangeError('the median of nothing');
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
