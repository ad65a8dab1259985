import type { Part } from './image.js';

/** One picture of a dataset: pseudonyms, an allow-list of facts, and the digests of its pixels. */
export interface IndexExample {
  readonly id: string;
  readonly patient: string;
  readonly study: string;
  readonly part: Part;
  readonly label: string | null;
  readonly sex: string;
  readonly ageBand: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly modality: string;
  readonly bodyPart: string;
  readonly viewPosition: string;
  readonly rows: number;
  readonly columns: number;
  readonly image: StoredPixels;
  /** Digest of [rows, columns] bytes of 0 and 1. */
  readonly mask: string | null;
}

/** Grey values on disk, little-endian, [rows, columns]. uint16: grey = value + offset, which loses nothing. */
export type StoredPixels =
  | { readonly digest: string; readonly kind: 'uint16'; readonly offset: number }
  | { readonly digest: string; readonly kind: 'float32' };

/** What a dataset version is: SHA-256 of this in RFC 8785 form. Examples are in the order of their ids. */
export interface DatasetIndex {
  readonly format: 'consilium-dataset/1';
  readonly classes: readonly string[];
  readonly examples: readonly IndexExample[];
}

/** What the coordinator may know of a dataset: numbers only. */
export interface DatasetSummary {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export function summaryOf(index: DatasetIndex): DatasetSummary {
  const count = (part: Part) => index.examples.filter((example) => example.part === part).length;
  return { train: count('train'), validation: count('validation'), test: count('test') };
}
