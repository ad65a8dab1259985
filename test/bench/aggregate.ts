import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BYTES_PER_VALUE, CHUNK_BYTES, chunkLength, payloadBytes } from '@consilium/tensors';
import { median, type Row } from './harness/bench.ts';
import { type ForeignLoad, withForeignLoad } from './harness/foreign-load.ts';
import { inFreshProcess } from './harness/fresh-process.ts';

const VALUES = 60_000_000;
const MODEL_BYTES = VALUES * BYTES_PER_VALUE;
/** Different deltas on disk; 32 updates share them, or the bench would need 8 GB of disk. */
const DISTINCT = 4;
const RUNS = 3;
const SITES = [4, 32];

const MEASURED = new URL('measured/aggregate.mjs', import.meta.url).href;

interface Measured {
  readonly aboveIdleBytes: number;
  readonly seconds: number;
}

interface Runs {
  readonly runs: readonly Measured[];
  readonly load: ForeignLoad;
}

/** Memory and speed of aggregating updates of 60 million parameters from disk with the coordinator's own function. */
export default async function aggregate(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'consilium-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  for (let k = 0; k <= DISTINCT; k++) writeModel(path.join(folder, String(k)), k);
  mkdirSync(path.join(folder, 'next'));

  const measured = new Map<number, Runs>();
  for (const sites of SITES) {
    const { result, load } = await withForeignLoad(async () => {
      const runs: Measured[] = [];
      const argument = { folder, sites, values: VALUES, distinct: DISTINCT };
      for (let run = 0; run < RUNS; run++) runs.push(await inFreshProcess(MEASURED, 'aggregateOnce', argument));
      return runs;
    });
    measured.set(sites, { runs: result, load });
  }
  const copyMBps = await inFreshProcess<number, number>(MEASURED, 'copySpeed', MODEL_BYTES);
  const most = Math.max(...SITES);
  return [
    ...SITES.map((sites) => memoryRow(sites, measured.get(sites)!)),
    speedRow(most, measured.get(most)!, copyMBps),
  ];
}

function memoryRow(sites: number, { runs, load }: Runs): Row {
  const aboveIdle = median(runs.map((m) => m.aboveIdleBytes));
  return {
    id: `aggregate.memory.${sites}`,
    what: `peak resident memory above idle, ${sites} updates of 60 M parameters`,
    median: aboveIdle / 1e6,
    unit: 'MB',
    runs: runs.length,
    against: 'bytes of the model',
    ratio: aboveIdle / MODEL_BYTES,
    load,
  };
}

function speedRow(sites: number, { runs, load }: Runs, copyMBps: number): Row {
  const speed = median(runs.map((m) => (sites * MODEL_BYTES) / 1e6 / m.seconds));
  return {
    id: 'aggregate.speed',
    what: `bytes of ${sites} updates read from disk and folded in a second`,
    median: speed,
    unit: 'MB/s',
    runs: runs.length,
    against: `copying memory, ${Math.round(copyMBps)} MB/s`,
    ratio: speed / copyMBps,
    load,
  };
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
