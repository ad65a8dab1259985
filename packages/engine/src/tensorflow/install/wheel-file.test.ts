import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeWheel, sha256 } from './wheel.fixture.js';
import { openWheel, parseRecord, requirementsOf } from './wheel-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wheel-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const context = { report: () => {}, signal: new AbortController().signal };

const LIBRARY = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i) % 251));
const wheelOf = (bytes: Uint8Array) => {
  const path = join(folder, 'some.whl');
  writeFileSync(path, bytes);
  return openWheel(path, 'some.whl');
};
const good = () => makeWheel('some-1.0', { 'some/lib.so': LIBRARY, 'some/other.py': 'pass' });
const files = () => readdirSync(folder, { recursive: true }).filter((name) => !String(name).endsWith('.whl'));

it('writes the members that are asked for, and nothing else', async () => {
  const wheel = await wheelOf(good());
  const written = await wheel.extract(['some/lib.so'], folder, context);
  expect(readFileSync(join(folder, 'some/lib.so'))).toEqual(LIBRARY);
  expect([...written]).toEqual([['some/lib.so', sha256(LIBRARY)]]);
  expect(existsSync(join(folder, 'some/other.py'))).toBe(false);
  wheel.close();
});

it('leaves a member alone that is there already, and replaces one that was cut short', async () => {
  const wheel = await wheelOf(good());
  const target = join(folder, 'some/lib.so');
  await wheel.extract(['some/lib.so'], folder, context);
  const before = statSync(target).ino;
  await wheel.extract(['some/lib.so'], folder, context);
  expect(statSync(target).ino).toBe(before);
  writeFileSync(target, LIBRARY.subarray(0, 100));
  await wheel.extract(['some/lib.so'], folder, context);
  expect(readFileSync(target)).toEqual(LIBRARY);
  wheel.close();
});

it('refuses a member whose bytes do not have the digest of RECORD, and leaves no file', async () => {
  const wheel = await wheelOf(makeWheel('some-1.0', { 'some/lib.so': LIBRARY }, 'some/lib.so'));
  await expect(wheel.extract(['some/lib.so'], folder, context)).rejects.toMatchObject({
    code: 'ENGINE_DISTRIBUTION_CORRUPT',
    detail: { member: 'some/lib.so', found: sha256(LIBRARY) },
  });
  expect(files().filter((name) => String(name).includes('lib.so'))).toEqual([]);
  wheel.close();
});

it('refuses a member whose compressed bytes are damaged', async () => {
  const bytes = good();
  const data = bytes.indexOf('some/lib.so') + 'some/lib.so'.length;
  bytes.fill(0xff, data, data + 40);
  const wheel = await wheelOf(bytes);
  const extracting = wheel.extract(['some/lib.so'], folder, context);
  await expect(extracting).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_CORRUPT' });
  expect(files().filter((name) => String(name).includes('lib.so'))).toEqual([]);
  wheel.close();
});

it('refuses a truncated wheel, and one without RECORD', async () => {
  await expect(wheelOf(good().subarray(0, 300))).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_CORRUPT' });
  const bytes = good();
  for (let at = bytes.indexOf('RECORD'); at >= 0; at = bytes.indexOf('RECORD', at + 1)) bytes.write('OTHERS', at);
  await expect(wheelOf(bytes)).rejects.toMatchObject({ detail: { reason: 'no RECORD in it' } });
});

it('refuses a wheel without the member, and one whose names lead out of the folder', async () => {
  const wheel = await wheelOf(good());
  await expect(wheel.extract(['some/gone.so'], folder, context)).rejects.toMatchObject({
    detail: { reason: 'no some/gone.so in it' },
  });
  wheel.close();
  await expect(wheelOf(makeWheel('some-1.0', { '../evil': 'x' }))).rejects.toMatchObject({
    code: 'ENGINE_DISTRIBUTION_CORRUPT',
  });
});

it('reads RECORD with quoted names and both line ends', () => {
  const digest = Buffer.alloc(32, 7).toString('base64url');
  const record = parseRecord(`a.so,sha256=${digest},5\r\n"b, c.so",sha256=${digest},6\nx/RECORD,,\n`);
  expect([...record.keys()]).toEqual(['a.so', 'b, c.so']);
  expect(record.get('a.so')).toBe('07'.repeat(32));
});

it('reads what a wheel needs under an extra', () => {
  const metadata = [
    'Name: some',
    'Requires-Dist: numpy>=1.26.0',
    'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
    "Requires-Dist: nvidia-nccl-cu12 (>=2.27.7) ; extra == 'and-cuda'",
    'Requires-Dist: other>=1; extra == "gcs"',
    '',
    'Requires-Dist: in-the-description; extra == "and-cuda"',
  ].join('\n');
  expect(requirementsOf(metadata, 'and-cuda')).toEqual([
    { project: 'nvidia-cudnn-cu12', versions: '<10.0,>=9.3.0.75' },
    { project: 'nvidia-nccl-cu12', versions: '>=2.27.7' },
  ]);
});
