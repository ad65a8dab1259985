import { existsSync, readFileSync } from 'node:fs';
import { greyWithRemarks, readImage } from '@consilium/dicom';
import { describe, expect, it } from 'vitest';

const CASES = new URL('../../../shared/data/cases/', import.meta.url);
const isThere = existsSync(new URL('expected.json', CASES));
if (!isThere) console.warn('skipped: small inputs with right answers (../shared/data/cases is absent)');

interface Sums {
  readonly least: number;
  readonly greatest: number;
  readonly sum: number;
}

describe.skipIf(!isThere)('the cases of pixels', () => {
  it.each([
    ['high-bits', 'garbage.dcm'],
    ['high-bits-real', 'cut.dcm'],
  ])('%s: unused high bits are no part of the values, and that is said', (name, file) => {
    const expected = JSON.parse(readFileSync(new URL('expected.json', CASES), 'utf8')) as Record<string, Sums>;
    const { grey, remarks } = greyWithRemarks(readImage(readFileSync(new URL(`${name}/${file}`, CASES))));
    const found = { least: Math.min(...grey), greatest: Math.max(...grey), sum: grey.reduce((a, b) => a + b, 0) };
    expect(found).toEqual(expected[name]);
    expect(remarks).toEqual(['unused-bits']);
  });
});
