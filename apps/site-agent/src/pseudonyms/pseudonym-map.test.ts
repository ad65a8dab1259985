import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorCode } from '@consilium/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PseudonymMap } from './pseudonym-map.js';

const key = Buffer.alloc(32, 5);
const links = [
  { kind: 'patient', pseudonym: 'a'.repeat(32), original: 'MRN-448812 Müller' },
  { kind: 'study', pseudonym: '2.25.1234567', original: '1.2.840.99.448812.17' },
  { kind: 'instance', pseudonym: '2.25.7654321', original: '1.2.840.99.448812.17.3' },
] as const;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pseudonyms-'));
  path = join(folder, 'pseudonyms.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function filled(): void {
  const map = PseudonymMap.open(path, key);
  map.put(links);
  map.put([links[0]]); // a second time is harmless
  map.close();
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    return errorCode(error);
  }
}

it('gives back what it was given, also when it is opened again', () => {
  filled();
  const map = PseudonymMap.open(path, key);
  expect(links.map(({ pseudonym }) => map.find(pseudonym))).toEqual(links);
  expect(map.find('2.25.999')).toBeUndefined();
  expect(map.count()).toBe(3);
  map.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('holds no identifier and no pseudonym in any byte of its files, open or closed', () => {
  const map = PseudonymMap.open(path, key);
  map.put(links);
  const search = () =>
    readdirSync(folder).flatMap((name) => {
      const bytes = readFileSync(join(folder, name)).toString('latin1');
      const secrets = ['448812', 'MRN', 'ller', '1.2.840', 'aaaaaaaa', '2.25.', 'patient', 'instance'];
      return secrets.filter((secret) => bytes.includes(secret)).map((secret) => `${name}: ${secret}`);
    });
  expect(readdirSync(folder).length).toBeGreaterThan(1); // the write-ahead log is there
  expect(search()).toEqual([]);
  map.close();
  expect(search()).toEqual([]);
});

it('does not open with another key', () => {
  filled();
  expect(codeOf(() => PseudonymMap.open(path, Buffer.alloc(32, 6)))).toBe('PSEUDONYM_MAP_CORRUPT');
});

it('notices a changed row, and rows that were exchanged', () => {
  filled();
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT lookup, sealed FROM link').all() as {
    lookup: Uint8Array;
    sealed: Uint8Array;
  }[];
  const update = database.prepare('UPDATE link SET sealed = ? WHERE lookup = ?');
  const flipped = Uint8Array.from(rows[0]!.sealed);
  flipped[40]! ^= 1;
  update.run(flipped, rows[0]!.lookup);
  update.run(rows[2]!.sealed, rows[1]!.lookup);
  database.close();
  const map = PseudonymMap.open(path, key);
  const codes = links.map(({ pseudonym }) => codeOf(() => map.find(pseudonym)));
  map.close();
  expect(codes.filter((code) => code === 'PSEUDONYM_MAP_CORRUPT')).toHaveLength(2);
  expect(codes.filter((code) => code === 'none')).toHaveLength(1);
});

it('says so when its file is something else', () => {
  writeFileSync(path, 'this is no database, and long enough to be taken for one if nobody looks'.repeat(20));
  expect(codeOf(() => PseudonymMap.open(path, key))).toBe('PSEUDONYM_MAP_CORRUPT');
});
