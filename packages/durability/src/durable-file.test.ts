import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { diskError, writeDurably } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'durability-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('writes all parts in order, readable by the owner only', async () => {
  const file = join(folder, 'a');
  await writeDurably(file, [Buffer.from('one '), Buffer.from('two')]);
  expect(readFileSync(file, 'utf8')).toBe('one two');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['a']);
});

it('leaves the old file and nothing else when the new content breaks off', async () => {
  const file = join(folder, 'a');
  writeFileSync(file, 'old');
  async function* breaking() {
    yield Buffer.from('half of the ne');
    throw new Error('the source ended');
  }
  await expect(writeDurably(file, breaking())).rejects.toThrow('the source ended');
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['a']);
});

it('calls a full disk by its name, and leaves other errors as they are', () => {
  expect(diskError(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toMatchObject({ code: 'DISK_FULL' });
  const other = Object.assign(new Error('x'), { code: 'EIO' });
  expect(diskError(other)).toBe(other);
});
