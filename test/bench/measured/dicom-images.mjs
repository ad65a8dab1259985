// Makes 128x128 tensors of one DICOM file in some threads, or reads them from a tensor file, a number of them for each
// line of input; tells the milliseconds of one. See ../dicom.ts.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadCodecs, openImage, toSmallGrey } from '@consilium/dicom';
import { readWhole } from '../../../apps/site-agent/dist/decoding/read-whole.js';
import { openTensorFile } from '../../../apps/site-agent/dist/preprocessing/tensor-file.js';

const SIDE = 128;
const PIXELS = SIDE * SIDE;
/** Of one line: so many that a turn takes about as long as the clock needs to be trusted. */
const STEP_MS = 400;
const CACHED_IMAGES = 2000;

if (!isMainThread) await decodeOnRequest(workerData);
else {
  const [kind = '', path = '', threads = '1'] = process.argv.slice(2);
  await (kind === 'files' ? files(path, Number(threads)) : cached());
}

/** @param {string} path */
async function decodeOnRequest(path) {
  const codecs = await loadCodecs();
  parentPort?.on('message', (/** @type {number} */ count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const frame = openImage(readWhole(path), codecs).readFrame(0);
      const { grey } = toSmallGrey(frame, frame.rows / SIDE);
      if (i === 0) for (const value of grey) sum += value;
    }
    parentPort?.postMessage(sum / PIXELS);
  });
}

/**
 * @param {string} path
 * @param {number} count threads
 */
async function files(path, count) {
  const own = new URL(import.meta.url);
  const threads = Array.from({ length: count }, () => new Worker(own, { workerData: path }));
  let images = threads.length;
  await run(images); // the threads start and load their codecs
  for (let ms = 0; ms < STEP_MS / 2; images *= 2) ms = (await run(images)).ms * images;
  answer({ ready: threads.length === 1 ? '1 thread' : `${threads.length} threads` });
  await forEachLine(() => run(images));
  await Promise.all(threads.map((thread) => thread.terminate()));

  /** @param {number} total images */
  async function run(total) {
    const startedAt = performance.now();
    const work = threads.map(
      (thread) =>
        new Promise((resolve, reject) => {
          thread.removeAllListeners('error').once('error', reject).once('message', resolve);
          thread.postMessage(total / threads.length);
        }),
    );
    const [mean] = await Promise.all(work);
    return { ms: (performance.now() - startedAt) / total, mean };
  }
}

async function cached() {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const has = /** @type {const} */ ('label');
  const file = { path: join(folder, 'tensors'), count: CACHED_IMAGES, pixels: PIXELS, has };
  writeFileSync(file.path, '');
  truncateSync(file.path, CACHED_IMAGES * (4 * PIXELS + 4) + 32);
  const source = openTensorFile(file);
  answer({ ready: 'the tensor file' });
  await forEachLine(async () => {
    const startedAt = performance.now();
    let sum = 0;
    for (let i = 0; i < CACHED_IMAGES; i++) sum += source.read(i).image[i % PIXELS] ?? 0;
    return { ms: (performance.now() - startedAt) / CACHED_IMAGES, mean: sum };
  });
  source.close();
}

/** @param {() => Promise<{ ms: number, mean: number }>} work */
async function forEachLine(work) {
  for await (const _ of createInterface({ input: process.stdin })) {
    const { ms, mean } = await work();
    answer({ ms, value: mean, bytes: process.resourceUsage().maxRSS * 1024 });
  }
}

/** @param {object} line */
function answer(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
