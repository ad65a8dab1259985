import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { type Codecs, type DicomImage, readImage, type StoredValues } from '../index.js';

const FOLDER = new URL('../../../../../shared/data/dicom/', import.meta.url);

export const isCorpusThere = existsSync(new URL('manifest.csv', FOLDER));

export type Row = Readonly<Record<string, string>>;

/** One line a file: what it is, what reference decoders made of it, and the hash of the stored values that they agree on. */
export function corpusRows(): Row[] {
  const lines = readFileSync(new URL('manifest.csv', FOLDER), 'utf8').trim().split(/\r?\n/).map(cellsOf);
  const names = lines[0]!;
  return lines.slice(1).map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])));
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

export type Outcome =
  | { readonly kind: 'read'; readonly image: DicomImage; readonly sha256: string; readonly ms: number }
  | { readonly kind: 'set aside'; readonly code: ErrorCode; readonly ms: number };

export function corpusBytes(file: string): Buffer {
  return readFileSync(new URL(file, FOLDER));
}

/** Reads a file of the corpus, or these bytes for it; an error that is not ours is thrown on. */
export function readCorpusFile(file: string, codecs: Codecs, bytes: Uint8Array = corpusBytes(file)): Outcome {
  const startMs = performance.now();
  try {
    const image = readImage(bytes, codecs);
    return { kind: 'read', image, sha256: sha256Of(image.stored), ms: performance.now() - startMs };
  } catch (error) {
    if (!(error instanceof ConsiliumError)) throw error;
    return { kind: 'set aside', code: error.code, ms: performance.now() - startMs };
  }
}

function sha256Of(stored: StoredValues): string {
  return createHash('sha256')
    .update(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength))
    .digest('hex');
}
