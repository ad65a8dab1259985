import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeDurably } from '@consilium/durability';
import type { Plan } from '@consilium/plan';
import { sha256Hex } from '@consilium/tensors';
import canonicalize from 'canonicalize';
import type { IndexExample } from '../datasets/dataset-index.js';
import type { DatasetStore } from '../datasets/dataset-store.js';
import type { Part } from '../datasets/image.js';
import { loadMask, loadPixels } from '../datasets/stored-pixels.js';
import { throwIfStopped } from '../platform/stopping.js';
import { type CacheLimits, DEFAULT_CACHE_LIMITS, makeRoom } from './cache-room.js';
import { examplesOf } from './eligible.js';
import { preprocess } from './preprocess.js';
import { fileBytesOf, isWhole, type TensorFile } from './tensor-file.js';

/** Changes whenever the same pixels and plan would give other tensors. */
const PREPROCESSING_VERSION = 1;

/** Preprocessed examples, named by what they were made from: a round after the first reads nothing else. */
export class TensorCache {
  /** Files whose digest this process has checked already. */
  private readonly checked = new Set<string>();
  /** An agent does one piece of work at a time, and it reads the file that was opened last. */
  private openedLast = '';
  private readonly beingMade = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly store: DatasetStore,
    private readonly limits: CacheLimits = DEFAULT_CACHE_LIMITS,
  ) {}

  /**
   * What was used longest ago makes room, whatever run it is of: it can be made again.
   *
   * Errors   DATASET_NOT_FOUND, DATASET_CORRUPT, DISK_FULL (also for the floor that stays free), STOPPED.
   */
  async open(version: string, plan: Plan, part: Part, signal: AbortSignal): Promise<TensorFile> {
    const index = await this.store.load(version);
    const examples = examplesOf(index, plan, part);
    const file = this.describe(version, plan, part, examples.length);
    await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
    this.openedLast = file.path;
    const isThere = (this.checked.has(file.path) && existsSync(file.path)) || (await isWhole(file));
    await this.makeRoom(isThere ? 0 : fileBytesOf(file));
    if (!isThere) await this.make(file, examples, plan, signal);
    this.checked.add(file.path);
    const now = new Date();
    await utimes(file.path, now, now);
    return file;
  }

  /** Deletes the files of all versions that are not in `wanted`. */
  async prune(wanted: ReadonlySet<string>): Promise<void> {
    for (const version of await readdir(this.root))
      if (!wanted.has(version)) await rm(join(this.root, version), { recursive: true, force: true });
  }

  private async makeRoom(neededBytes: number): Promise<void> {
    await makeRoom(this.root, neededBytes, new Set([this.openedLast, ...this.beingMade]), this.limits);
  }

  private describe(version: string, plan: Plan, part: Part, count: number): TensorFile {
    const key = sha256Hex(
      canonicalize({
        version,
        part,
        preprocessing: plan.preprocessing,
        ...(plan.data.select ? { select: plan.data.select } : {}),
        task: plan.task.kind,
        classes: plan.task.kind === 'classification' ? plan.task.classes : [],
        code: PREPROCESSING_VERSION,
      }) as string,
    );
    const { height, width } = plan.preprocessing;
    const has = plan.task.kind === 'segmentation' ? 'mask' : 'label';
    return { path: join(this.root, version, `${key}.tensors`), count, pixels: height * width, has };
  }

  private async make(
    file: TensorFile,
    examples: readonly IndexExample[],
    plan: Plan,
    signal: AbortSignal,
  ): Promise<void> {
    const hash = createHash('sha256');
    const store = this.store;
    async function* content(): AsyncGenerator<Uint8Array> {
      for await (const bytes of tensorsOf(examples, plan, store, signal)) {
        hash.update(bytes);
        yield bytes;
      }
      yield hash.digest();
    }
    this.beingMade.add(file.path);
    try {
      await writeDurably(file.path, content());
    } finally {
      this.beingMade.delete(file.path);
    }
  }
}

async function* tensorsOf(
  examples: readonly IndexExample[],
  plan: Plan,
  store: DatasetStore,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const masks: Uint8Array[] = [];
  for (const example of examples) {
    throwIfStopped(signal);
    const grey = await loadPixels(example, store.blobs);
    const mask = plan.task.kind === 'segmentation' ? await loadMask(example, store.blobs) : undefined;
    const { rows, columns } = example;
    const spacingMm = example.spacingMm ?? undefined;
    const prepared = preprocess({ rows, columns, grey, mask, spacingMm }, plan.preprocessing);
    if (prepared.mask) masks.push(prepared.mask);
    yield new Uint8Array(prepared.image.buffer);
    await nextTurn(); // heartbeats and a stop are heard between two pictures
  }
  yield* masks;
  if (plan.task.kind === 'classification') {
    const { classes } = plan.task;
    const labels = Int32Array.from(examples, ({ label }) => classes.indexOf(label ?? ''));
    yield new Uint8Array(labels.buffer);
  }
}
