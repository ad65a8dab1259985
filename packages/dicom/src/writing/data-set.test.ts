import dicomParser from 'dicom-parser';
import { expect, it } from 'vitest';
import { readImage } from '../index.js';
import { TRANSFER_SYNTAX } from '../parsing/transfer-syntaxes.js';
import { type DataSet, writeDataSet } from './data-set.js';
import { sliceFields, sourceSeries } from './series.fixture.js';
import { uidFromName } from './uid.js';
import { decimalText } from './value-bytes.js';
import { writeEnhancedCt } from './write-enhanced-ct.js';
import { sliceDataSet, writeSlice } from './write-slice.js';

const source = sourceSeries('CT');
const fields = sliceFields(source, 1);
const small: DataSet = { SOPClassUID: fields.sopClassUid, SOPInstanceUID: fields.sopInstanceUid };

it.each(Object.entries(TRANSFER_SYNTAX))('a CT slice comes back whole: %s', (_, transferSyntaxUid) => {
  const image = readImage(writeSlice(fields, transferSyntaxUid));
  expect([...image.stored]).toEqual(Array.from(fields.stored));
  expect(image).toMatchObject({ transferSyntaxUid, isSigned: true, bitsStored: 16, rescaleIntercept: -1024 });
  expect(image.header).toMatchObject({ patientId: 'P-017', institutionName: 'Nördlich', modality: 'CT' });
  expect(image.pixelSpacingMm).toEqual({ row: 0.75, column: 0.5 });
});

it('an MR slice comes back whole, with its place in the patient', () => {
  const mr = sliceFields(sourceSeries('MR'), 2);
  const bytes = writeSlice(mr);
  expect([...readImage(bytes).stored]).toEqual(Array.from(mr.stored));
  const parsed = dicomParser.parseDicom(bytes);
  const numbers = (tag: string) => parsed.string(tag)!.split('\\').map(Number);
  mr.plane.positionMm.forEach((value, axis) => {
    expect(numbers('x00200032')[axis]).toBeCloseTo(value, 9);
  });
  expect(numbers('x00200037')[4]).toBeCloseTo(Math.cos(Math.PI / 12), 12);
  // Slices are 5 mm apart along their normal, whatever the tilt.
  expect(numbers('x00201041')[0]! - slicesLocation(0)).toBeCloseTo(10, 9);
});

function slicesLocation(slice: number): number {
  return Number(dicomParser.parseDicom(writeSlice(sliceFields(sourceSeries('MR'), slice))).string('x00201041'));
}

it('elements are in the order of their tags, sequences inside each other', () => {
  const bytes = writeDataSet({
    ...small,
    ReferencedSeriesSequence: [{ SeriesInstanceUID: '1.2', ReferencedInstanceSequence: [small, {}] }, {}],
    PatientID: 'A',
    DimensionIndexPointer: 0x00200032,
  });
  const parsed = dicomParser.parseDicom(bytes);
  const tags = Object.keys(parsed.elements).filter((tag) => !tag.startsWith('x0002'));
  expect(tags).toHaveLength(5);
  expect(tags).toEqual([...tags].sort());
  const items = parsed.elements.x00081115!.items!;
  expect(items).toHaveLength(2);
  expect(items[0]!.dataSet!.elements.x0008114a!.items).toHaveLength(2);
  expect(items[0]!.dataSet!.elements.x0008114a!.items![0]!.dataSet!.string('x00080018')).toBe(fields.sopInstanceUid);
  expect(parsed.attributeTag('x00209165')).toBe('x00200032');
});

it('compressed frames stand behind a table of their places, each of even length', () => {
  const frames = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7), Uint8Array.of(8)];
  const dataSet = { ...sliceDataSet(fields), PixelData: { frames } };
  const element = dicomParser.parseDicom(writeDataSet(dataSet, '1.2.840.10008.1.2.4.90')).elements.x7fe00010!;
  expect(element.basicOffsetTable).toEqual([0, 12, 24]);
  expect(element.fragments!.map(({ length }) => length)).toEqual([4, 4, 2]);
});

it('a decimal text has at most 16 characters and loses less than a billionth', () => {
  for (const value of [0.1 + 0.2, -Math.PI * 1e-7, -123456.78901234567, 1e21 / 3, -5, 1e-300]) {
    const text = decimalText(value);
    expect(text.length).toBeLessThanOrEqual(16);
    expect(Math.abs(Number(text) / value - 1)).toBeLessThan(1e-8);
  }
});

it.each<[string, DataSet]>([
  ['no instance UID', { SOPClassUID: '1.2' }],
  ['a UID that is none', { ...small, StudyInstanceUID: '1.2.x' }],
  ['a control character', { ...small, PatientID: 'a\u001b[2J' }],
  ['a backslash', { ...small, PatientID: 'a\\b' }],
  ['a text too long', { ...small, AccessionNumber: uidFromName('long') }],
  ['a number that is none', { ...small, SliceThickness: Number.NaN }],
  ['a fraction', { ...small, InstanceNumber: 1.5 }],
  ['a number beyond its bits', { ...small, Rows: 65536 }],
  ['a text for a number', { ...small, Rows: 'many' }],
  ['a value longer than its length field', { ...small, ContourData: new Array(40_000).fill('1') }],
])('refuses %s', (_, dataSet) => {
  expect(() => writeDataSet(dataSet)).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});

it('an enhanced CT volume has a place and an intercept for every frame, and its pixels one after the other', () => {
  const frames = [0, 1, 2].map((slice) => {
    const { plane, stored } = sliceFields(source, slice);
    return { plane, stored, rescale: { slope: 1, intercept: -1024 - slice } };
  });
  const bytes = writeEnhancedCt({
    ...fields,
    seriesInstanceUid: uidFromName('enhanced series'),
    seriesNumber: 3,
    frameOfReferenceUid: source.frameOfReferenceUid,
    window: { center: 40, width: 400 },
    frames,
  });
  const parsed = dicomParser.parseDicom(bytes);
  expect(parsed.intString('x00280008')).toBe(3);
  const groups = parsed.elements.x52009230!.items!.map((item) => item.dataSet!);
  groups.forEach((group, slice) => {
    const position = group.elements.x00209113!.items![0]!.dataSet!.string('x00200032')!.split('\\').map(Number);
    expect(position[2]).toBeCloseTo(frames[slice]!.plane.positionMm[2], 9);
    expect(group.elements.x00289145!.items![0]!.dataSet!.floatString('x00281052')).toBe(-1024 - slice);
  });
  const { dataOffset, length } = parsed.elements.x7fe00010!;
  const words = new Int16Array(bytes.slice(dataOffset, dataOffset + length).buffer);
  expect([...words]).toEqual(frames.flatMap(({ stored }) => Array.from(stored)));
});
