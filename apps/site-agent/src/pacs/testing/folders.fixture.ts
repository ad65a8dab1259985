import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder for one file of tests; it is deleted when they have ended. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-pacs-'));
  made.push(folder);
  return folder;
}
