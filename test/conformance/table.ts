import type { Verdict } from './judge.ts';
import type { LongRun } from './long-run.ts';

export interface Row {
  readonly backEnd: string;
  readonly group: string;
  readonly verdict: 'pass' | 'fail' | 'not here';
  readonly cases?: number;
  /** What was measured, in words or as a number. */
  readonly worst?: number | string;
  readonly tolerance?: number | string;
  readonly problems?: readonly string[];
}

const WIDTHS = [21, 30, 7, 18, 11] as const;

export function verdictRow(backEnd: string, v: Verdict): Row {
  const where = v.passes || v.worst === null ? [] : [v.worstCase];
  return {
    backEnd,
    group: v.group,
    verdict: v.passes ? 'pass' : 'fail',
    cases: v.cases,
    worst: v.worst ?? 'none',
    tolerance: v.limit,
    problems: [...v.problems, ...where],
  };
}

export function sameBytesRow(backEnd: string, threads: readonly number[], digests: readonly string[]): Row {
  const isSame = digests.length > 0 && digests.every((d) => d === digests[0] && /^[0-9a-f]{64}$/.test(d));
  return {
    backEnd,
    group: new Set(threads).size > 1 ? `same bytes, threads ${threads.join(' ')}` : 'same bytes again',
    verdict: isSame ? 'pass' : 'fail',
    cases: digests.length,
    worst: isSame ? `sha256 ${digests[0]!.slice(0, 12)}` : 'they differ',
    tolerance: 'equal',
    problems: isSame ? [] : digests.map((digest, i) => `${threads[i]}: ${digest}`),
  };
}

export function longRunRow(backEnd: string, run: LongRun, growthBytes: number): Row {
  const heap = run.heapLate > 0 ? `, heap ${mebibytes(run.heapEarly)} -> ${mebibytes(run.heapLate)}` : '';
  return {
    backEnd,
    group: `${run.steps} steps of U-Net`,
    verdict: run.passes ? 'pass' : 'fail',
    cases: 1,
    worst: `tensors ${run.tensorsBefore} -> ${run.tensorsAfter}, RSS ${mebibytes(run.residentEarly)} -> ${mebibytes(run.residentLate)}${heap} MiB`,
    tolerance: `RSS + ${mebibytes(growthBytes)} MiB`,
  };
}

export function missingRow(backEnd: string, reason: string): Row {
  return { backEnd, group: 'all', verdict: 'not here', problems: [reason] };
}

export function printHead(): void {
  printCells(['back end', 'group', 'cases', 'worst difference', 'tolerance', '']);
}

export function printRow(row: Row): void {
  printCells([row.backEnd, row.group, row.cases ?? '', row.worst ?? '', row.tolerance ?? '', row.verdict]);
  for (const problem of row.problems ?? []) process.stdout.write(`    ${problem}\n`);
}

function printCells(cells: readonly (string | number)[]): void {
  const texts = cells.map((cell) =>
    typeof cell === 'number' && !Number.isInteger(cell) ? cell.toExponential(1) : `${cell}`,
  );
  process.stdout.write(
    `${texts
      .map((text, i) => `${text}  `.padEnd(WIDTHS[i] ?? 0))
      .join('')
      .trimEnd()}\n`,
  );
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
