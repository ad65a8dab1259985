import type { DatasetIndex } from './dataset-index.js';

/** Images of two versions of a dataset, by their ids. */
export interface VersionChanges {
  readonly kept: number;
  readonly added: number;
  readonly gone: number;
  /** Kept, but with another label, mask, patient or part, or other pixels. */
  readonly changed: number;
}

export function changesOf(before: DatasetIndex, after: DatasetIndex): VersionChanges {
  const old = new Map(before.examples.map((example) => [example.id, JSON.stringify(example)]));
  const both = after.examples.filter(({ id }) => old.has(id));
  return {
    kept: both.length,
    added: after.examples.length - both.length,
    gone: before.examples.length - both.length,
    changed: both.filter((example) => old.get(example.id) !== JSON.stringify(example)).length,
  };
}

export function changesText({ kept, added, gone, changed }: VersionChanges): string {
  return `${kept} images are in this one too (${changed} of them changed), ${gone} are not; ${added} are new`;
}
