import type { Part } from './image.js';

/**
 * One picture of a dataset: pseudonyms, an allow-list of facts, and the digests of its pixels. The id is the pseudonym of the
 * object, with `-` and the number of the frame where the object has several. Indexes of earlier agents lack what is optional.
 */
export interface IndexExample {
  readonly id: string;
  readonly patient: string;
  readonly study: string;
  readonly series?: string;
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
  /** Between the centres of neighbouring pixels; null when the file does not say. */
  readonly spacingMm?: { readonly row: number; readonly column: number } | null;
  /** Of the slice, along the normal of its plane; null when the file does not say. */
  readonly positionMm?: number | null;
  readonly image: StoredPixels;
  /** Digest of [rows, columns] bytes of 0 and 1. */
  readonly mask: string | null;
  /** How many of them are 1; null without a mask. */
  readonly maskPixels?: number | null;
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
