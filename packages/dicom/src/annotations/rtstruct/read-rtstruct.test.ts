import { describe, expect, it } from 'vitest';
import { FRAME_OF_REFERENCE, imageAt, type ObjectElements, RTSTRUCT, readObject } from '../object.fixture.js';

/** A rectangle around columns 1 and 2 of the picture's row `row`. */
const around = (row: number, zMm: number) => {
  const [left, right] = [10 + 0.5 * 1.5, 10 + 2.5 * 1.5];
  const [top, bottom] = [20 + (row - 0.5) * 2, 20 + (row + 0.5) * 2];
  return [left, top, zMm, right, top, zMm, right, bottom, zMm, left, bottom, zMm].join('\\');
};
const contour = (data: string, images: readonly string[] = [], kind = 'CLOSED_PLANAR'): ObjectElements => ({
  '30060016 SQ': images.map((uid) => ({ '00081155 UI': uid })),
  '30060042 CS': kind,
  '30060046 IS': String(data.split('\\').length / 3),
  '30060050 DS': data,
});
const structureSet = (...contours: ObjectElements[]): ObjectElements => ({
  '00080018 UI': '1.9',
  '0020000d UI': '1.2',
  '30060020 SQ': [{ '30060022 IS': '4', '30060024 UI': FRAME_OF_REFERENCE, '30060026 LO': 'GTV' }],
  '30060039 SQ': [{ '30060040 SQ': contours, '30060084 IS': '4' }],
});
const LOWER = Uint8Array.of(0, 0, 0, 0, 1, 1);
const BOTH = Uint8Array.of(0, 1, 1, 0, 1, 1);

describe('contours that name no picture', () => {
  const rt = readObject(RTSTRUCT, structureSet(contour(around(1, 5)), contour(around(0, 8))));
  const maskAt = (zMm: number, changes = {}) => rt.maskOf(imageAt(zMm, changes), rt.structures[0]!);

  it('belong to the picture in their plane and frame of reference', () => {
    expect(maskAt(5.05)).toEqual(LOWER);
    expect(maskAt(6)).toBeUndefined();
    expect(maskAt(5, { frameOfReferenceUid: '1.2.8' })).toBeUndefined();
    expect(maskAt(5, { plane: undefined })).toBeUndefined();
  });
});

it('contours that name a picture are united in it where they do not overlap, even a little off its plane', () => {
  const rt = readObject(
    RTSTRUCT,
    structureSet(contour(around(1, 5), ['1.2.3']), contour(around(0, 5), ['1.2.3']), contour(around(0, 8), ['1.2.4'])),
  );
  const [gtv] = rt.structures;
  expect(rt.maskOf(imageAt(5), gtv!)).toEqual(BOTH);
  expect(rt.maskOf(imageAt(5.4), gtv!)).toEqual(BOTH); // rounded by the planning system
  expect(rt.maskOf(imageAt(11, { sopInstanceUid: '1.2.5' }), gtv!)).toBeUndefined();
  expect(() => rt.maskOf(imageAt(7), gtv!)).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});

it('the pictures of the structure set without a contour have empty masks', () => {
  const listed = { '0020000e UI': '1.4', '30060016 SQ': [{ '00081155 UI': '1.2.3' }] };
  const rt = readObject(RTSTRUCT, {
    ...structureSet(contour(around(0, 8), ['1.2.4'])),
    '30060010 SQ': [{ '30060012 SQ': [{ '00081155 UI': '1.2', '30060014 SQ': [listed] }] }],
  });
  expect(rt.maskOf(imageAt(5), rt.structures[0]!)).toEqual(new Uint8Array(6));
  expect(rt.references[0]).toMatchObject({
    studyInstanceUid: '1.2',
    seriesInstanceUid: '1.4',
    sopInstanceUid: '1.2.3',
  });
});

it('points and open lines enclose nothing', () => {
  const rt = readObject(
    RTSTRUCT,
    structureSet(contour(around(1, 5), ['1.2.3'], 'OPEN_PLANAR'), contour(around(0, 5), ['1.2.3'], 'CLOSEDPLANAR_XOR')),
  );
  expect(rt.maskOf(imageAt(5), rt.structures[0]!)).toEqual(Uint8Array.of(0, 1, 1, 0, 0, 0));
});

it.each<[string, ObjectElements]>([
  ['a number that is none', contour('1\\2\\x')],
  ['points that are not in threes', contour('1\\2\\3\\4')],
  ['another count of points', { ...contour(around(1, 5)), '30060046 IS': '5' }],
  ['a contour without points', { ...contour(''), '30060046 IS': '0' }],
])('refuses %s', (_, wrong) => {
  expect(() => readObject(RTSTRUCT, structureSet(wrong))).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});

it('refuses a region number twice', () => {
  const region = { '30060022 IS': '4', '30060026 LO': 'GTV' };
  const twice = { ...structureSet(contour(around(1, 5))), '30060020 SQ': [region, region] };
  expect(() => readObject(RTSTRUCT, twice)).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});
