import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDecodePool } from '@consilium/site-agent';
import { Cases } from './cases.ts';
import { type Examined, examine } from './examine.ts';

/** What a process is told to do: every `step`-th case from `from` on, below `end`. */
export interface Share {
  readonly seed: number;
  readonly from: number;
  readonly end: number;
  readonly step: number;
  readonly folder: string;
}

export interface CaseReport extends Examined {
  readonly number: number;
  readonly what: string;
  readonly rssBytes: number;
}

process.once('message', (share: Share) => {
  run(share).then(
    () => process.disconnect(),
    (error) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      process.exit(3);
    },
  );
});

async function run({ seed, from, end, step, folder }: Share): Promise<void> {
  const cases = await Cases.open(seed);
  const pool = openDecodePool({ threads: 1 });
  mkdirSync(folder, { recursive: true });
  for (let number = from; number < end; number += step) {
    const { what, bytes } = cases.at(number);
    const path = join(folder, 'case.dcm');
    writeFileSync(path, bytes);
    const examined = await examine(path, pool);
    await tell({ ...examined, number, what, rssBytes: process.memoryUsage.rss() });
  }
  await pool.close();
}

function tell(report: CaseReport): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(report, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
