import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_FLAGS } from '@consilium/testkit';
import { afterAll } from 'vitest';

const MAIN = fileURLToPath(new URL('../../apps/site-agent/src/main.ts', import.meta.url));
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-cases-'));
  made.push(folder);
  return folder;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a person types after `consilium site` (or `consilium dicom` with that word first), in a process of its own. */
export function siteCommand(...words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...SOURCE_FLAGS, MAIN, ...words], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  return { status, stdout, stderr };
}

/** The same beside what goes on in this process, such as a server that the command asks. */
export async function startSiteCommand(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...SOURCE_FLAGS, MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...texts };
}
