import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { describe, expect, it } from 'vitest';
import { readImage, TRANSFER_SYNTAX } from './index.js';

const folder = new URL('../../../../shared/data/dicom/', import.meta.url);
const isThere = existsSync(new URL('manifest.csv', folder));
if (!isThere) console.warn('skipped: real DICOM files (../shared/data/dicom is absent)');

type Row = Readonly<Record<string, string>>;

function readRows(): Row[] {
  const lines = readFileSync(new URL('manifest.csv', folder), 'utf8').trim().split(/\r?\n/).map(cellsOf);
  const names = lines[0]!;
  return lines.slice(1).map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])));
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function isReadable(row: Row): boolean {
  return (
    (Object.values(TRANSFER_SYNTAX) as string[]).includes(row.transfer_syntax!) &&
    row.part10_preamble === '1' &&
    row.raw_pixel_sha256 !== '' &&
    row.samples_per_pixel === '1' &&
    ['', '1'].includes(row.frames!) &&
    row.photometric!.startsWith('MONOCHROME') &&
    ['8', '16'].includes(row.bits_allocated!)
  );
}

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, '>u2': Uint16Array, '>i2': Int16Array };

function storedHash(row: Row): string {
  const image = readImage(readFileSync(new URL(row.file!, folder)));
  expect(`${image.rows}x${image.columns}`).toBe(row.raw_shape);
  const values = new ARRAYS[row.raw_dtype as keyof typeof ARRAYS](image.stored);
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
}

describe.skipIf(!isThere)('real files', () => {
  const rows = isThere ? readRows() : [];

  it('gives the agreed pixel hash of every uncompressed single-frame grey picture', () => {
    const readable = rows.filter(isReadable);
    const wrong = readable.filter((row) => storedHash(row) !== row.raw_pixel_sha256).map((row) => row.file);
    expect(wrong).toEqual([]);
    expect(readable.length).toBeGreaterThan(30);
  });

  it('reads every other file or says why not, in its own words and in bounded time', () => {
    expect(rows).toHaveLength(210);
    const codes: Record<string, number> = {};
    for (const row of rows) {
      const bytes = readFileSync(new URL(row.file!, folder));
      const startMs = performance.now();
      let code = 'read';
      try {
        readImage(bytes);
      } catch (error) {
        expect(error, row.file).toBeInstanceOf(ConsiliumError);
        code = (error as ConsiliumError).code;
      }
      expect(performance.now() - startMs, row.file).toBeLessThan(3000);
      codes[code] = (codes[code] ?? 0) + 1;
      if (row.expected!.includes('REFUSED') || row.expected!.includes('must fail'))
        expect(code, row.file).not.toBe('read');
      if (process.env.CONSILIUM_LIST) console.log(code, row.file, row.expected);
    }
    console.info(codes);
  });
});
