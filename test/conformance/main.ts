import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TOLERANCES } from '@consilium/engine';
import { CONTENDERS, type Contender, NAMES } from './contenders.ts';
import { GROWTH_BYTES } from './long-run.ts';
import { ask } from './processes.ts';
import { longRunRow, missingRow, printHead, printRow, type Row, sameBytesRow, verdictRow } from './table.ts';

const { values } = readArguments();
const chosen = values['back-end'] ?? NAMES;
const unknown = chosen.find((name) => !NAMES.includes(name));
if (unknown !== undefined) stop(`no back end ${unknown}; there are ${NAMES.join(', ')}`);
const contenders = CONTENDERS.filter(({ options }) => chosen.includes(options.backEnd));

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
const reference = join(folder, 'reference');
const rows: Row[] = [];
const add = (row: Row) => {
  rows.push(row);
  printRow(row);
};
try {
  if (!values.long) await computeReference();
  printHead();
  for (const contender of contenders) await (values.long ? runLong(contender) : run(contender));
} finally {
  rmSync(folder, { recursive: true });
}
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ tolerances: TOLERANCES, rows }, null, 2)}\n`);
const failed = rows.filter(({ verdict }) => verdict === 'fail').length;
const ran = rows.filter(({ verdict }) => verdict !== 'not here').length;
process.stdout.write(`${ran - failed} of ${ran} rows pass\n`);
// A back end that was asked for by name must run.
const isAbsent = values['back-end'] !== undefined && rows.some(({ verdict }) => verdict === 'not here');
process.exitCode = failed > 0 || ran === 0 || isAbsent ? 1 : 0;

async function computeReference(): Promise<void> {
  process.stderr.write('computing the reference on cpu\n');
  const answer = await ask({ options: { backEnd: 'cpu' }, work: 'write reference', reference });
  if ('missing' in answer) throw new Error(`cpu: ${answer.missing}`);
}

async function run({ name, options, sameBytes }: Contender): Promise<void> {
  const answer = await ask({ options, work: 'compare', reference }).catch((error: Error) => error);
  if (answer instanceof Error) return add({ backEnd: name, group: 'all', verdict: 'fail', problems: [answer.message] });
  if ('missing' in answer) return add(missingRow(name, answer.missing));
  for (const verdict of answer.verdicts ?? []) add(verdictRow(name, verdict));
  if (sameBytes === undefined) return;
  const digests: string[] = [];
  for (const threads of sameBytes) {
    const again = await ask({ options: { ...options, threads }, work: 'digest', reference }).catch((e: Error) => e);
    digests.push(
      'digest' in again ? again.digest! : JSON.stringify('missing' in again ? again.missing : String(again)),
    );
  }
  add(sameBytesRow(name, sameBytes, digests));
}

async function runLong({ name, options }: Contender): Promise<void> {
  const answer = await ask({ options, work: 'long run', reference }).catch((error: Error) => error);
  if (answer instanceof Error) return add({ backEnd: name, group: 'all', verdict: 'fail', problems: [answer.message] });
  if ('missing' in answer) return add(missingRow(name, answer.missing));
  add(longRunRow(name, answer.longRun!, GROWTH_BYTES));
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        'back-end': { type: 'string', multiple: true },
        json: { type: 'string' },
        long: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return stop((error as Error).message);
  }
}

function stop(message: string): never {
  process.stderr.write(
    `${message}\nusage: npm run conformance -- [--back-end ${NAMES.join('|')}]... [--json FILE] [--long]\n`,
  );
  process.exit(2);
}
