import { expect, it } from 'vitest';
import type { StoredPicture } from './image.js';
import { volumesText } from './ingest-report.js';
import { SeriesCheck } from './series-check.js';

const AXIAL = [1, 0, 0, 0, 1, 0] as const;
const OBLIQUE = [Math.SQRT1_2, Math.SQRT1_2, 0, 0, 0, -1] as const;

/** A file with a frame at each height, or with one that has no place. */
function picture(series: string, heights: readonly number[], orientation: typeof AXIAL | typeof OBLIQUE = AXIAL) {
  const normal = orientation === AXIAL ? [0, 0, 1] : [-Math.SQRT1_2, Math.SQRT1_2, 0];
  const image = { digest: '0', kind: 'float32' };
  const frames = heights.map((mm) => ({ image, place: { positionMm: normal.map((n) => n * mm), orientation } }));
  const spacingMm = { row: 1, column: 1 };
  return { header: { series }, rows: 8, columns: 8, spacingMm, frames } as unknown as StoredPicture;
}

it('counts series with slices that are missing, double or oblique, and leaves films alone', () => {
  const check = new SeriesCheck();
  for (const mm of [8, 0, 4, 12]) check.add(picture('whole', [mm]));
  for (const mm of [0, 4, 12, 16]) check.add(picture('gap', [mm]));
  for (const mm of [0, 4, 4, 8, 12]) check.add(picture('double', [mm]));
  check.add(picture('one file', [0, 2, 4, 6], OBLIQUE));
  check.add(picture('film', []));
  check.add(picture('scout', [7]));
  const counts = check.counts();
  expect(counts).toEqual({ series: 4, findings: { 'missing-slices': 1, duplicates: 1, oblique: 1 } });
  expect(volumesText(counts)).toBe(
    '4 series of slices: missing-slices 1, duplicates 1, oblique 1; `consilium dicom volumes` says where',
  );
  expect(volumesText({ series: 2, findings: {} })).toBe('2 series of slices: nothing wrong with any');
});
