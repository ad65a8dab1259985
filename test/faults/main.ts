import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { clearAll } from '../federation/ground.ts';
import type { FaultRow } from './sites.ts';

const SUITES = { sites: () => import('./sites.ts') };

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const [name] = positionals;
if (name === undefined || positionals.length > 1 || !Object.hasOwn(SUITES, name))
  stop(`usage: npm run test:faults -- ${Object.keys(SUITES).join('|')} [--json FILE]`);

// A Ctrl-C comes twice, from the terminal and from the process above: only the first may decide.
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    if (isInterrupted) return;
    isInterrupted = true;
    void clearAll().finally(() => process.exit(130));
  });

const suite = await SUITES[name as keyof typeof SUITES]();
const startedAt = performance.now();
process.stdout.write(`${name}: ${suite.what}\n`);
printCells(['model', 'killed', 'kills', 'seconds', 'same digest', '']);
const rows = await suite.default(printRow);
const bad = rows.filter((row) => !suite.isGood(row));
const seconds = (performance.now() - startedAt) / 1000;
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ suite: name, seconds, rows }, null, 2)}\n`);
process.stdout.write(`${rows.length - bad.length} of ${rows.length} as they must be, in ${seconds.toFixed(0)} s\n`);
process.exit(bad.length === 0 ? 0 : 1);

function printRow(row: FaultRow): void {
  const verdict = suite.isGood(row) ? '' : 'NOT AS IT MUST BE';
  const kills = `${row.kills} of ${row.expectedKills}`;
  printCells([row.model, row.point, kills, row.seconds.toFixed(1), row.digestEqual ? 'yes' : 'NO', verdict]);
  for (const problem of row.problems) process.stdout.write(`    ${problem}\n`);
}

function printCells(cells: readonly string[]): void {
  const widths = [8, 29, 10, 9, 13, 0];
  process.stdout.write(
    `${cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('')
      .trimEnd()}\n`,
  );
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
