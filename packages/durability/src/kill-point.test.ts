import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { expect, it } from 'vitest';
import { killPoints } from './index.js';

/** A process that passes `before` and then `here`, both armed. */
function life(log: string, armed: string) {
  const index = fileURLToPath(new URL('./kill-point.ts', import.meta.url));
  const program = `
    const { killPoints } = await import(${JSON.stringify(index)});
    const reach = killPoints(['before', 'here'], ${JSON.stringify(armed)}, ${JSON.stringify(log)});
    reach('before'); console.log('passed before'); reach('here'); console.log('passed here');`;
  return spawnSync(process.execPath, [...SOURCE_FLAGS, '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
}

it('kills the process at each armed point once, and the log counts the kills', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kill-'));
  const log = join(folder, 'kills');
  try {
    const lives = [1, 2, 3].map(() => life(log, 'before,here'));
    expect(lives.map((l) => l.signal)).toEqual(['SIGKILL', 'SIGKILL', null]);
    expect(lives.map((l) => l.stdout)).toEqual(['', 'passed before\n', 'passed before\npassed here\n']);
    expect(readFileSync(log, 'utf8')).toBe('before\nhere\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('does nothing when nothing is armed', () => {
  expect(() => killPoints(['here'], undefined, undefined)('here')).not.toThrow();
});

it('refuses a point that does not exist, and points without a log', () => {
  expect(() => killPoints(['here'], 'there', 'log')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(() => killPoints(['here'], 'here', undefined)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
