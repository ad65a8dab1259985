import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { greyWithRemarks, readImage } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { CASES, expected, isThere } from './pictures.fixture.js';

it.skipIf(!isThere).each([
  ['high-bits', 'garbage.dcm'],
  ['high-bits-real', 'cut.dcm'],
])('%s: unused high bits are no part of the values, and that is said', (name, file) => {
  const { grey, remarks } = greyWithRemarks(readImage(readFileSync(join(CASES, name, file))));
  const found = { least: Math.min(...grey), greatest: Math.max(...grey), sum: grey.reduce((a, b) => a + b, 0) };
  expect(found).toEqual(expected(name));
  expect(remarks).toEqual(['unused-bits']);
});
