// `npm run test:figures`: the AUROC that a run prints, from counts, beside that of the models' own scores.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startDemo } from './demo-process.ts';
import { type FigureRow, figuresOf } from './figures.ts';

const { values } = parseArgs({
  options: {
    plan: { type: 'string', multiple: true, default: ['phantom-classification', 'tuberculosis', 'sex'] },
    seed: { type: 'string', multiple: true, default: ['1'] },
    rounds: { type: 'string' },
    normalisation: { type: 'string' },
    data: { type: 'string', default: '../shared/data' },
    json: { type: 'string' },
  },
});
const rows: FigureRow[] = [];
for (const plan of values.plan)
  for (const seed of values.seed) {
    const needsData = plan !== 'phantom-classification';
    if (needsData && !existsSync(join(values.data, 'tasks.json'))) {
      print(`skipped: ${plan} (its films are not at ${values.data})`);
      continue;
    }
    rows.push(...(await figuresOfRun(plan, Number(seed), needsData)));
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
const beyond = rows.filter(({ isWithin }) => !isWithin);
print(
  beyond.length === 0
    ? `${rows.length} figures, each within its bound`
    : `${beyond.length} of ${rows.length} figures differ from the exact one by more than their bound: ${beyond.map(({ id }) => id).join(', ')}`,
);
process.exitCode = beyond.length === 0 ? 0 : 1;

async function figuresOfRun(plan: string, seed: number, needsData: boolean): Promise<FigureRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-figures-'));
  const words = ['--plan', plan, '--seed', String(seed)];
  if (needsData) words.push('--data', resolve(values.data));
  for (const name of ['rounds', 'normalisation'] as const)
    if (values[name] !== undefined) words.push(`--${name}`, values[name]);
  const demo = await startDemo(folder, words);
  try {
    const { table, rows } = await figuresOf({ plan, seed, folder });
    print(table);
    return rows;
  } finally {
    await demo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
