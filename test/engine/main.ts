// Installs the native engine for real, from an empty data folder, through the pip and npm of this machine.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checks } from './checks.ts';

const missing = whatIsMissing();
if (missing !== undefined) {
  process.stdout.write(`skipped: ${missing}\n`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'engine-suite-'));
let failed = 0;
try {
  for (const { name, run } of checks(folder)) {
    const begin = performance.now();
    const said = await run().then(
      (note) => `ok    ${note}`,
      (error: Error) => {
        failed++;
        return `FAIL  ${error.message}`;
      },
    );
    process.stdout.write(`${((performance.now() - begin) / 1000).toFixed(1).padStart(7)} s  ${name}: ${said}\n`);
    // Every check builds on the one before.
    if (failed > 0) break;
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed > 0 ? 1 : 0;

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux') return "TensorFlow's wheels are for Linux";
  if (!works('c++', '--version') && !works('g++', '--version')) return 'no C++ compiler is here';
  if (!works('python3', '-m', 'pip', '--version')) return 'no pip is here';
  const isReachable = works('python3', '-m', 'pip', 'index', 'versions', 'tensorflow-cpu');
  return isReachable ? undefined : "this machine's pip reaches no index with TensorFlow";
}

function works(file: string, ...words: string[]): boolean {
  return spawnSync(file, words, { stdio: 'ignore', timeout: 120_000 }).status === 0;
}
