import { expect, it } from 'vitest';
import { openImage } from '../index.js';
import { dicomFile, pictureElements, type TestElement } from '../parsing/file.fixture.js';

const group = (tag: number, elements: readonly TestElement[]): TestElement => [tag, 'SQ', [elements]];
const spacing = (value: string): TestElement => group(0x00289110, [[0x00280030, 'DS', value]]);
const rescale = (slope: string, intercept: string): TestElement =>
  group(0x00289145, [
    [0x00281052, 'DS', intercept],
    [0x00281053, 'DS', slope],
  ]);
const position = (value: string): TestElement => group(0x00209113, [[0x00200032, 'DS', value]]);
const orientation = (value: string): TestElement => group(0x00209116, [[0x00200037, 'DS', value]]);
const voi = (center: string, width: string): TestElement =>
  group(0x00289132, [
    [0x00281050, 'DS', center],
    [0x00281051, 'DS', width],
  ]);

function open(elements: readonly TestElement[], frames: number) {
  const picture = pictureElements({ rows: 1, columns: 1, frames, bits: [8, 8, 7] });
  const pixels: TestElement = [0x7fe00010, 'OB', new Uint8Array(frames)];
  return openImage(dicomFile([...picture, ...elements, pixels].toSorted(([a], [b]) => a - b)));
}

it('looks in the groups of the frame, then in those of all frames, then in the header', () => {
  const image = open(
    [
      [0x00280030, 'DS', '9\\9'],
      [0x00281053, 'DS', '7'],
      [0x52009229, 'SQ', [[spacing('0.5\\0.25'), orientation('1\\0\\0\\0\\1\\0'), rescale('2', '-5')]]],
      [
        0x52009230,
        'SQ',
        [
          [position('1\\2\\3'), rescale('4', '1')],
          [position('1\\2\\6'), spacing('3\\4'), voi('40', '80')],
        ],
      ],
    ],
    2,
  );
  const [first, second] = [image.readFrame(0), image.readFrame(1)];
  expect(first).toMatchObject({ rescaleSlope: 4, rescaleIntercept: 1, pixelSpacingMm: { row: 0.5, column: 0.25 } });
  expect(first.place).toEqual({ positionMm: [1, 2, 3], orientation: [1, 0, 0, 0, 1, 0] });
  expect(first.window).toBeUndefined();
  expect(second).toMatchObject({ rescaleSlope: 2, rescaleIntercept: -5, pixelSpacingMm: { row: 3, column: 4 } });
  expect(second.place?.positionMm).toEqual([1, 2, 6]);
  expect(second.window).toEqual({ center: 40, width: 80, shape: 'LINEAR' });
});

it('places the one frame of a plain object by its header, and no more than the first of several', () => {
  const header: TestElement[] = [
    [0x00200032, 'DS', '-10.5\\0\\7'],
    [0x00200037, 'DS', '0\\1\\0\\0\\0\\-1'],
  ];
  expect(open(header, 1).readFrame(0).place).toEqual({ positionMm: [-10.5, 0, 7], orientation: [0, 1, 0, 0, 0, -1] });
  expect(open(header, 2).readFrame(1).place).toBeUndefined();
  expect(open([], 1).readFrame(0).place).toBeUndefined();
});

it('moves the planes of a dose along their normal', () => {
  const image = open(
    [
      [0x00200032, 'DS', '1\\2\\3'],
      [0x00200037, 'DS', '0\\1\\0\\0\\0\\-1'], // the normal is -x
      [0x3004000c, 'DS', '0\\2.5'],
    ],
    2,
  );
  expect(image.readFrame(0).place?.positionMm).toEqual([1, 2, 3]);
  expect(image.readFrame(1).place?.positionMm).toEqual([-1.5, 2, 3]);
});

it('reads all offsets of a dose of many planes, and takes its scaling for the slope', () => {
  const offsets = Array.from({ length: 300 }, (_, i) => (i * 2.5).toFixed(6)); // far more than a kilobyte
  const image = open(
    [
      [0x00200032, 'DS', '0\\0\\0'],
      [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
      [0x3004000c, 'DS', offsets.join('\\')],
      [0x3004000e, 'DS', '1.0e-3'],
    ],
    300,
  );
  expect(image.readFrame(299).place?.positionMm).toEqual([0, 0, 747.5]);
  expect(image.readFrame(0).rescaleSlope).toBe(0.001);
});

it('lets the spacing of the detector stand in where the patient has none', () => {
  expect(open([[0x00181164, 'DS', '0.1\\0.2']], 1).readFrame(0).pixelSpacingMm).toEqual({ row: 0.1, column: 0.2 });
  const both: TestElement[] = [
    [0x00181164, 'DS', '0.1\\0.2'],
    [0x00280030, 'DS', '0.3\\0.4'],
  ];
  expect(open(both, 1).readFrame(0).pixelSpacingMm).toEqual({ row: 0.3, column: 0.4 });
  expect(open([[0x00280030, 'DS', '0\\0']], 1).readFrame(0).pixelSpacingMm).toBeUndefined();
});

it('refuses numbers that are none', () => {
  expect(() => open([[0x00281053, 'DS', '0']], 1).readFrame(0)).toThrow(
    expect.objectContaining({ code: 'DICOM_INVALID' }),
  );
  expect(() => open([[0x00280030, 'DS', 'wide']], 1).readFrame(0)).toThrow(
    expect.objectContaining({ code: 'DICOM_INVALID' }),
  );
});
