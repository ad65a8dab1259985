import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aggregateModel, strategyNamed } from '@consilium/aggregation';
import { BYTES_PER_VALUE, CHUNK_BYTES, chunkLength, type Layout, payloadBytes } from '@consilium/tensors';
import { median, type Row } from './harness/bench.ts';
import { inFreshProcess } from './harness/fresh-process.ts';
import { idleBytes, peakBytes } from './harness/memory.ts';

const VALUES = 60_000_000;
const MODEL_BYTES = VALUES * BYTES_PER_VALUE;
/** Different deltas on disk; 32 updates share them, or the bench would need 8 GB of disk. */
const DISTINCT = 4;
const RUNS = 3;
const SITES = [4, 32];

interface Measured {
  readonly aboveIdleBytes: number;
  readonly seconds: number;
}

/** Memory and speed of aggregating updates of 60 million parameters from disk with the coordinator's own function. */
export default async function aggregate(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'consilium-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  for (let k = 0; k <= DISTINCT; k++) writeModel(path.join(folder, String(k)), k);
  mkdirSync(path.join(folder, 'next'));

  const rows: Row[] = [];
  for (const sites of SITES) {
    const measured: Measured[] = [];
    for (let run = 0; run < RUNS; run++)
      measured.push(await inFreshProcess(import.meta.url, 'aggregateOnce', { folder, sites }));
    rows.push(...rowsOf(sites, measured, await inFreshProcess(import.meta.url, 'copySpeed', {})));
  }
  return rows;
}

function rowsOf(sites: number, measured: readonly Measured[], copyMBps: number): Row[] {
  const aboveIdle = median(measured.map((m) => m.aboveIdleBytes));
  const speed = median(measured.map((m) => (sites * MODEL_BYTES) / 1e6 / m.seconds));
  return [
    {
      id: `aggregate.memory.${sites}`,
      what: `peak resident memory above idle, ${sites} updates of 60 M parameters`,
      median: aboveIdle / 1e6,
      unit: 'MB',
      runs: measured.length,
      against: 'bytes of the model',
      ratio: aboveIdle / MODEL_BYTES,
    },
    {
      id: `aggregate.speed.${sites}`,
      what: `bytes of ${sites} updates read from disk and folded in a second`,
      median: speed,
      unit: 'MB/s',
      runs: measured.length,
      against: `copying memory, ${Math.round(copyMBps)} MB/s`,
      ratio: speed / copyMBps,
    },
  ];
}

/** One aggregation, in a process of its own. */
export async function aggregateOnce({ folder, sites }: { folder: string; sites: number }): Promise<Measured> {
  const layout: Layout = [
    { name: 'weights', shape: [VALUES], dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' },
  ];
  const updates = Array.from({ length: sites }, (_, k) => ({
    siteId: `site-${String(k).padStart(2, '0')}`,
    exampleCount: 100 + k,
    folder: path.join(folder, String(1 + (k % DISTINCT))),
  }));
  const idle = idleBytes();
  const startedAt = performance.now();
  const outcome = await aggregateModel({
    strategy: strategyNamed('fedavg'),
    layout,
    round: 1,
    updates,
    readChunk: (update, chunk) => readFile(path.join(update.folder, String(chunk))),
    readGlobal: (chunk) => readFile(path.join(folder, '0', String(chunk))),
    writeChunk: (chunk, bytes) => writeFile(path.join(folder, 'next', String(chunk)), bytes),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (!outcome.isFinite) throw new Error('the bench aggregated something that is not finite');
  return { aboveIdleBytes: peakBytes() - idle, seconds };
}

/** Megabytes a second that this machine copies within memory, one core, blocks far beyond its caches. */
export async function copySpeed(): Promise<number> {
  const [from, to] = [new Uint8Array(MODEL_BYTES).fill(7), new Uint8Array(MODEL_BYTES).fill(1)];
  const speeds = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    to.set(from);
    return MODEL_BYTES / 1e6 / ((performance.now() - startedAt) / 1000);
  });
  return median(speeds);
}

/** A model as a folder of chunk files, with values that differ between models and chunks. */
function writeModel(folder: string, model: number): void {
  mkdirSync(folder);
  for (let chunk = 0; chunk * CHUNK_BYTES < MODEL_BYTES; chunk++) {
    const length = chunkLength(MODEL_BYTES, chunk) / BYTES_PER_VALUE;
    const values = new Float32Array(length);
    for (let j = 0; j < length; j++) values[j] = ((j * 31 + chunk * 7 + model * 13) % 1009) / 1009 - 0.5;
    writeFileSync(path.join(folder, String(chunk)), payloadBytes(values));
  }
}
