import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { readImage, toGrey, uidFromName, type WriteImageFields, writeImage } from '../index.js';

const header = {
  sopInstanceUid: uidFromName('instance'),
  studyInstanceUid: uidFromName('study'),
  seriesInstanceUid: uidFromName('series'),
  patientId: 'P-017',
  patientName: 'Müller^Änne',
  patientSex: 'F',
  patientAge: '047Y',
  viewPosition: 'PA',
  institutionName: 'North',
  manufacturer: 'Vendor A',
  manufacturerModelName: 'Model 7',
  studyDate: '20240305',
};

function picture(bitsStored: number, isSigned = false): WriteImageFields {
  const lowest = isSigned ? -(2 ** (bitsStored - 1)) : 0;
  const stored = Array.from({ length: 5 * 7 }, (_, i) => lowest + ((i * 131) % 2 ** bitsStored));
  stored[3] = lowest + 2 ** bitsStored - 1;
  return { header, rows: 5, columns: 7, stored, bitsStored, isSigned };
}

for (const bitsStored of [8, 10, 12, 16]) {
  for (const isSigned of [false, true]) {
    it(`reads back what it wrote: ${bitsStored} bits, ${isSigned ? 'signed' : 'unsigned'}`, () => {
      const fields = picture(bitsStored, isSigned);
      const image = readImage(writeImage(fields));
      expect([...image.stored]).toEqual(fields.stored);
      expect(image).toMatchObject({ rows: 5, columns: 7, bitsStored, isSigned, photometric: 'MONOCHROME2' });
      expect(image.header).toMatchObject(header);
    });
  }
}

it('keeps rescale, window and spacing', () => {
  const image = readImage(
    writeImage({
      ...picture(12),
      rescale: { slope: 0.5, intercept: -100.25 },
      window: { center: 2047.5, width: 4096 },
      pixelSpacingMm: { row: 0.143, column: 1 / 3 },
    }),
  );
  expect(image).toMatchObject({
    rescaleSlope: 0.5,
    rescaleIntercept: -100.25,
    window: { center: 2047.5, width: 4096 },
  });
  expect(image.pixelSpacingMm?.row).toBe(0.143);
  expect(image.pixelSpacingMm?.column).toBeCloseTo(1 / 3, 8);
  expect(toGrey(image)[1]).toBe(131 * 0.5 - 100.25);
});

it('mirrors MONOCHROME1, so that bigger is brighter', () => {
  const fields = picture(10);
  const grey = toGrey(readImage(writeImage({ ...fields, photometric: 'MONOCHROME1' })));
  expect(grey[2]).toBe(1023 - 262);
  const signed = toGrey(readImage(writeImage({ ...picture(8, true), photometric: 'MONOCHROME1' })));
  expect(signed[0]).toBe(127);
});

it('writes the same bytes for the same fields', () => {
  expect(writeImage(picture(12))).toEqual(writeImage(picture(12)));
});

it('gives a UID under 2.25 that depends on the name alone', () => {
  expect(uidFromName('a')).toBe(uidFromName('a'));
  expect(uidFromName('a')).not.toBe(uidFromName('b'));
  expect(uidFromName('a')).toMatch(/^2\.25\.[1-9][0-9]{30,38}$/);
});

it.each([
  ['a value beyond the stored bits', { ...picture(12), stored: new Array(35).fill(4096) }],
  ['a fraction', { ...picture(12), stored: new Array(35).fill(1.5) }],
  ['too few values', { ...picture(12), rows: 6 }],
  ['a control character', { ...picture(12), header: { ...header, patientId: 'a\nb' } }],
  ['a UID that is none', { ...picture(12), header: { ...header, studyInstanceUid: '1.2.x' } }],
  ['a text too long', { ...picture(12), header: { ...header, patientAge: '00047Y' } }],
])('refuses to write %s', (_, fields) => {
  expect(() => writeImage(fields)).toThrow(ConsiliumError);
});
