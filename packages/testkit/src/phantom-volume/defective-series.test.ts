import { readImage } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { CT_SITE_PROFILES } from '../phantom-ct/ct-profiles.js';
import { takeCtStudy } from '../phantom-ct/take-ct-study.js';
import { defectiveSeries, SERIES_DEFECTS, type SeriesDefect } from './defective-series.js';
import type { VolumePatient } from './volume-roster.js';

const patient: VolumePatient = { id: 'defects', sex: 'M', ageYears: 50, hasLesions: true, studies: 1 };
const [series] = takeCtStudy({ seed: 1, siteId: 'd', patient, study: 0, matrix: 16, profile: CT_SITE_PROFILES[1]! });
const COUNT = CT_SITE_PROFILES[1]!.protocol.slices;
const SLICES: Readonly<Record<SeriesDefect, number>> = {
  'missing-slice': COUNT - 1,
  'repeated-slice': COUNT + 1,
  'uneven-spacing': COUNT / 2 + 1 + Math.floor((COUNT / 2 - 1) / 2),
  'shuffled-numbers': COUNT,
  'tilted-gantry': COUNT,
  'two-directions': COUNT,
  'two-sizes': COUNT,
  'no-position': COUNT,
};

it.each(Object.keys(SERIES_DEFECTS) as SeriesDefect[])(
  'a series with the defect %s has good slices of its own',
  (defect) => {
    const slices = defectiveSeries(series!, defect);
    expect(slices).toHaveLength(SLICES[defect]);
    const images = slices.map(({ bytes }) => readImage(bytes));
    expect(new Set(images.map(({ header }) => header.sopInstanceUid)).size).toBe(slices.length);
    expect(new Set(images.map(({ header }) => header.seriesInstanceUid)).size).toBe(1);
    expect(images[0]!.header.seriesInstanceUid).not.toBe(series!.source.seriesInstanceUid);
    expect(new Set(images.map(({ header }) => header.patientId))).toEqual(new Set([`defect-${defect}`]));
    const odd = images.filter(({ rows }) => rows !== 16).length;
    expect(odd).toBe(defect === 'two-sizes' ? 1 : 0);
    images.forEach(({ stored, rows }, k) => {
      const good = series!.sliceAt(slices[k]!.from).stored;
      expect([...stored]).toEqual(Array.from(good).slice(0, rows * 16));
    });
  },
);

it('a short series cannot be spoilt in the middle', () => {
  const short = { ...series!, source: { ...series!.source, images: series!.source.images.slice(0, 7) } };
  expect(() => defectiveSeries(short, 'missing-slice')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
