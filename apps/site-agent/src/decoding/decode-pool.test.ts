import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { uidFromName, writeImage } from '@consilium/dicom';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type DecodePoolOptions, openDecodePool } from './decode-pool.js';

const folder = mkdtempSync(join(tmpdir(), 'decode-pool-'));
const never = new AbortController().signal;
let pool: ReturnType<typeof openDecodePool> | undefined;
afterEach(() => pool?.close());
afterAll(() => rmSync(folder, { recursive: true }));

function openPool(options: DecodePoolOptions = {}): ReturnType<typeof openDecodePool> {
  pool = openDecodePool({ threads: 1, ...options });
  return pool;
}

function inFolder(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const picture = writeImage({
  header: {
    sopInstanceUid: uidFromName('i'),
    studyInstanceUid: uidFromName('s'),
    seriesInstanceUid: uidFromName('e'),
    patientId: 'P7',
  },
  rows: 3,
  columns: 5,
  stored: Uint16Array.from({ length: 15 }, (_, i) => 3 * i + 100),
  bitsStored: 12,
  rescale: { slope: 2, intercept: -7 },
  pixelSpacingMm: { row: 0.5, column: 0.25 },
});
const good = inFolder('good.dcm', picture);

/** The same picture with another codestream in place of its pixels. */
function compressed(name: string, transferSyntaxUid: string, stream: Uint8Array): string {
  const bytes = Buffer.from(picture);
  const own = '1.2.840.10008.1.2.1';
  const at = bytes.indexOf(`${own}\0`, 132, 'latin1');
  bytes.writeUInt8(22, at - 2);
  const meta = Buffer.concat([bytes.subarray(0, at), Buffer.from(transferSyntaxUid.padEnd(22, '\0'), 'latin1')]);
  const rest = bytes.subarray(at + 20, bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0])));
  const item = (tag: number, value: Uint8Array) => {
    const head = Buffer.from([0xfe, 0xff, tag, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(value.length, 4);
    return Buffer.concat([head, value]);
  };
  const none = new Uint8Array(0);
  const open = Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 255, 255, 255, 255]);
  return inFolder(name, Buffer.concat([meta, rest, open, item(0, none), item(0, stream), item(0xdd, none)]));
}

it('gives the pictures of a file, with bigger values brighter', async () => {
  const file = await openPool().read(good, never);
  expect([file.rows, file.columns, file.header.patientId]).toEqual([3, 5, 'P7']);
  expect(file.pixelSpacingMm).toEqual({ row: 0.5, column: 0.25 });
  expect([...file.frames[0]!.grey.subarray(0, 3)]).toEqual([193, 199, 205]);
});

it('describes a file by the hash of its stored values', async () => {
  const { description, pictures } = await openPool().describe(good, { count: 1, side: undefined }, never);
  expect(description).toMatchObject({ shape: [3, 5], type: 'uint16', transferSyntax: 'Explicit VR Little Endian' });
  expect(description.storedSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(pictures[0]!.grey[1]).toBe(199);
});

it('refuses what it cannot read, in its own words, and reads on', async () => {
  const subject = openPool();
  await expect(subject.read(join(folder, 'none.dcm'), never)).rejects.toMatchObject({ code: 'DICOM_UNREADABLE' });
  await expect(subject.read(inFolder('text', 'no DICOM'), never)).rejects.toMatchObject({ code: 'DICOM_NOT_DICOM' });
  const huge = inFolder('huge.dcm', '');
  truncateSync(huge, 513 * 2 ** 20);
  await expect(subject.read(huge, never)).rejects.toMatchObject({ code: 'DICOM_TOO_LARGE' });
  expect((await subject.read(good, never)).rows).toBe(3);
});

it('a codestream that breaks its decoder costs the thread; the next file gets a fresh one', async () => {
  // A frame header of the right size (3 x 5, one sample of 12 bits), then nothing that could be decoded.
  const jpeg = Buffer.from([
    255, 216, 255, 193, 0, 11, 12, 0, 3, 0, 5, 1, 1, 17, 0, 255, 218, 0, 8, 1, 1, 0, 0, 63, 0, 7,
  ]);
  const bad = compressed('bad.dcm', '1.2.840.10008.1.2.4.51', jpeg);
  const subject = openPool();
  for (let i = 0; i < 3; i++) {
    await expect(subject.read(bad, never)).rejects.toMatchObject({ code: 'DICOM_CODESTREAM_INVALID' });
    expect((await subject.read(good, never)).frames).toHaveLength(1);
  }
});

/** A pool whose threads run this script: what the real one would do in its worst moment. */
function poolOf(script: string, options: DecodePoolOptions = {}): ReturnType<typeof openDecodePool> {
  const path = inFolder(`${Math.random().toString(36).slice(2)}.mjs`, script);
  return openPool({ entry: pathToFileURL(path), ...options });
}

const IMPORTS = `import { parentPort, threadId } from 'node:worker_threads';
parentPort.on('message', () => parentPort.postMessage({ kind: 'begun' }));
const answer = (isSpent) => parentPort.postMessage({ kind: 'answer', answer: { kind: 'decoded', file: threadId }, isSpent });`;

it('uses a thread again, unless it says that it is spent', async () => {
  const again = poolOf(`${IMPORTS} parentPort.on('message', () => answer(false));`);
  expect(await again.read('a', never)).toBe(await again.read('b', never));
  await again.close();
  const spent = poolOf(`${IMPORTS} parentPort.on('message', () => answer(true));`);
  expect(await spent.read('a', never)).not.toBe(await spent.read('b', never));
});

it('does not count the time that a thread needs to start', async () => {
  const slow = 'const startMs = Date.now(); while (Date.now() - startMs < 900);';
  const subject = poolOf(`${IMPORTS} ${slow} parentPort.on('message', () => answer(false));`, { timeLimitMs: 500 });
  expect(await subject.read('a', never)).toBeGreaterThan(0);
});

it('ends a thread that takes too long', async () => {
  const subject = poolOf(
    `${IMPORTS} parentPort.on('message', ({ path }) => { while (path === 'slow'); answer(false); });`,
    {
      timeLimitMs: 700,
    },
  );
  await expect(subject.read('slow', never)).rejects.toMatchObject({ code: 'DICOM_TIMEOUT' });
  expect(await subject.read('quick', never)).toBeGreaterThan(0);
});

it('a thread that uses up its memory takes one file with it, not the agent', async () => {
  const subject = poolOf(
    `${IMPORTS} parentPort.on('message', ({ path }) => { const all = []; while (path === 'bomb') all.push(new Array(1e5).fill(all.length + 0.5)); answer(false); });`,
    { memoryLimitMiB: 64 },
  );
  await expect(subject.read('bomb', never)).rejects.toMatchObject({ code: 'DICOM_TOO_LARGE' });
  expect(await subject.read('small', never)).toBeGreaterThan(0);
});

it('a thread that ends by itself is an error of the file', async () => {
  const subject = poolOf(`${IMPORTS} parentPort.on('message', () => process.exit(3));`);
  await expect(subject.read('a', never)).rejects.toMatchObject({ code: 'DICOM_INVALID', detail: { exitCode: 3 } });
});

it('an abort stops what runs and what waits, at once', async () => {
  const subject = poolOf(
    `${IMPORTS} parentPort.on('message', ({ path }) => { while (path === 'slow'); answer(false); });`,
  );
  const stopping = new AbortController();
  const runs = ['slow', 'slow', 'slow'].map((path) => subject.read(path, stopping.signal));
  const outcomes = Promise.allSettled(runs);
  setTimeout(() => stopping.abort(), 300);
  const startMs = performance.now();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'STOPPED' } });
  expect(performance.now() - startMs).toBeLessThan(3000);
  await expect(subject.read('quick', stopping.signal)).rejects.toMatchObject({ code: 'STOPPED' });
  expect(await subject.read('quick', never)).toBeGreaterThan(0);
});

it('closing ends what runs', async () => {
  const subject = poolOf(`${IMPORTS} parentPort.on('message', () => { for (;;); });`);
  const run = expect(subject.read('slow', never)).rejects.toMatchObject({ code: 'STOPPED' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await subject.close();
  await run;
  await expect(subject.read('later', never)).rejects.toMatchObject({ code: 'STOPPED' });
});
