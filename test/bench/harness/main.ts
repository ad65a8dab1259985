import { readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchModule, Report, Row } from './bench.ts';
import { loadNow, NOISY_ABOVE } from './foreign-load.ts';
import { describeMachine } from './machine.ts';

const folder = new URL('..', import.meta.url);
const known = readdirSync(folder)
  .filter((f) => f.endsWith('.ts'))
  .map((f) => f.slice(0, -'.ts'.length));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, peer: { type: 'string' } },
});
const [name] = positionals;
if (name === undefined || positionals.length > 1 || !known.includes(name))
  stop(`usage: npm run bench -- ${known.join('|')} [--json FILE] [--peer NAME]`);

const bench: BenchModule = await import(new URL(`${name}.ts`, folder).href);
if (values.peer !== undefined && !bench.peers?.includes(values.peer))
  stop(`${name} can be compared with: ${bench.peers?.join(', ') ?? 'nothing'}`);
const loadBefore = loadNow();
process.stderr.write(`load before: ${loadBefore.toFixed(2)}\n`);
const rows = await bench.default(values.peer === undefined ? {} : { peer: values.peer });
const report: Report = { bench: name, machine: describeMachine(), loadBefore, rows };
print(report);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(withNoise(report), null, 2)}\n`);

function print({ bench, machine, rows }: Report): void {
  const cells = [['id', 'median', 'unit', 'runs', 'ratio', 'load', 'against', 'what'], ...rows.map(cellsOf)];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  process.stdout.write(`${bench} on ${Object.values(machine).join(', ')}; load before ${loadBefore.toFixed(2)}\n`);
  for (const row of cells)
    process.stdout.write(
      `${row
        .map((c, i) => c.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    );
  if (rows.some(isNoisy))
    process.stdout.write(
      `noisy: other programs kept more than ${NOISY_ABOVE} of a core busy; stop them and measure again before you quote it\n`,
    );
}

/** Load flatters a contestant that sleeps against one whose threads spin while they wait. */
function isNoisy({ load }: Row): boolean {
  return load.cores !== null && load.cores > NOISY_ABOVE;
}

function withNoise(report: Report) {
  return { ...report, rows: report.rows.map((row) => ({ ...row, isNoisy: isNoisy(row) })) };
}

function cellsOf(row: Row): string[] {
  const ratio = row.ratio === null ? '' : row.ratio.toPrecision(3);
  return [
    row.id,
    row.median.toPrecision(4),
    row.unit,
    String(row.runs),
    ratio,
    loadText(row),
    row.against ?? '',
    row.what,
  ];
}

function loadText(row: Row): string {
  return row.load.cores === null ? '' : `${row.load.cores.toFixed(2)}${isNoisy(row) ? ' noisy' : ''}`;
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
