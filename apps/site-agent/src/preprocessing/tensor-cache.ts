import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
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
import { examplesOf } from './eligible.js';
import { preprocess } from './preprocess.js';
import { isWhole, type TensorFile } from './tensor-file.js';

/** Changes whenever the same pixels and plan would give other tensors. */
const PREPROCESSING_VERSION = 1;
/** A run uses three files (one per part); the last few runs' files stay for the next one with the same preprocessing. */
const FILES_KEPT = 12;

/** Preprocessed examples, named by what they were made from: a round after the first reads nothing else. */
export class TensorCache {
  /** Files whose digest this process has checked already. */
  private readonly checked = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly store: DatasetStore,
  ) {}

  /** Errors  DATASET_NOT_FOUND, DATASET_CORRUPT, DISK_FULL, STOPPED. */
  async open(version: string, plan: Plan, part: Part, signal: AbortSignal): Promise<TensorFile> {
    const index = await this.store.load(version);
    const examples = examplesOf(index, plan, part);
    const file = this.describe(version, plan, part, examples.length);
    await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
    if (!(this.checked.has(file.path) && existsSync(file.path)) && !(await isWhole(file)))
      await this.make(file, examples, plan, signal);
    this.checked.add(file.path);
    const now = new Date();
    await utimes(file.path, now, now);
    return file;
  }

  /** Deletes the files that were used longest ago, and all of versions that are not in `wanted`. */
  async prune(wanted: ReadonlySet<string>): Promise<void> {
    const files: { path: string; usedAt: number }[] = [];
    for (const version of await readdir(this.root)) {
      const folder = join(this.root, version);
      if (!wanted.has(version)) {
        await rm(folder, { recursive: true, force: true });
        continue;
      }
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        files.push({ path, usedAt: (await stat(path)).mtimeMs });
      }
    }
    files.sort((a, b) => b.usedAt - a.usedAt);
    for (const { path } of files.slice(FILES_KEPT)) await rm(path, { force: true });
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
    await writeDurably(file.path, content());
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
