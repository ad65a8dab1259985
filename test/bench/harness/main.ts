import { readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchModule, Report, Row } from './bench.ts';
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
const rows = await bench.default(values.peer === undefined ? {} : { peer: values.peer });
const report: Report = { bench: name, machine: describeMachine(), rows };
print(report);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function print({ bench, machine, rows }: Report): void {
  const cells = [['id', 'median', 'unit', 'runs', 'ratio', 'against', 'what'], ...rows.map(cellsOf)];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  process.stdout.write(`${bench} on ${Object.values(machine).join(', ')}\n`);
  for (const row of cells)
    process.stdout.write(
      `${row
        .map((c, i) => c.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function cellsOf(row: Row): string[] {
  const ratio = row.ratio === null ? '' : row.ratio.toPrecision(3);
  return [row.id, row.median.toPrecision(4), row.unit, String(row.runs), ratio, row.against ?? '', row.what];
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
