import { expect, it } from 'vitest';
import { type DicomFrame, readImage, toDisplay, toGrey } from '../index.js';
import { dicomFile, pictureElements, type TestElement, type TestPicture } from '../parsing/file.fixture.js';

const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);

/** A row of 16-bit values with these elements in its header. */
function row(
  values: readonly number[],
  elements: readonly TestElement[] = [],
  picture: Partial<TestPicture> = {},
): DicomFrame {
  const format = pictureElements({ rows: 1, columns: values.length, bits: [16, 16, 15], ...picture });
  const all = [...format, ...elements].toSorted(([a], [b]) => a - b);
  return readImage(dicomFile([...all, [0x7fe00010, 'OW', words(...values)]]));
}

const window = (center: string, width: string, shape?: string): TestElement[] => [
  [0x00281050, 'DS', center],
  [0x00281051, 'DS', width],
  ...(shape === undefined ? [] : ([[0x00281056, 'CS', shape]] as const)),
];

const shades = (frame: DicomFrame) => [...toDisplay(frame).pixels];

// Computed by hand from the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3.
it.each([
  // centre 2048, width 4096: 0 is black, 4095 is white
  ['LINEAR over all of 12 bits', [0, 1024, 2048, 4095], window('2048', '4096'), [0, 64, 128, 255]],
  // from 139.5 - 99 / 2 to 139.5 + 99 / 2
  ['LINEAR cut at both ends', [0, 90, 140, 189, 500], window('140', '100'), [0, 0, 129, 255, 255]],
  ['LINEAR of width 1, a threshold', [9, 10, 11], window('10', '1'), [0, 255, 255]],
  ['LINEAR_EXACT', [0, 25, 50, 100], window('50', '100', 'LINEAR_EXACT'), [0, 64, 128, 255]],
  // 1 / (1 + exp(-4 (x - 50) / 100))
  ['SIGMOID', [0, 50, 75, 300], window('50', '100', 'SIGMOID'), [30, 128, 186, 255]],
])('shows %s', (_, values, elements, expected) => {
  expect(shades(row(values, elements))).toEqual(expected);
});

it('takes the first of several windows, in modality values', () => {
  const rescale: TestElement[] = [
    [0x00281052, 'DS', '-1000'],
    [0x00281053, 'DS', '2'],
  ];
  const frame = row([0, 500, 1000], [...window('0\\70', '2001\\5'), ...rescale]);
  expect([...toGrey(frame)]).toEqual([-1000, 0, 1000]);
  expect(shades(frame)).toEqual([0, 128, 255]);
});

it('shows from the lowest to the highest where the file has no window', () => {
  expect(shades(row([100, 150, 200]))).toEqual([0, 128, 255]);
  expect(shades(row([7, 7]))).toEqual([0, 0]);
});

it('turns MONOCHROME1 round, for the eye after the window and for a model inside the range of its bits', () => {
  const picture = { photometric: 'MONOCHROME1', bits: [16, 12, 11] } as const;
  const frame = row([0, 1000, 4095], window('2048', '4096'), picture);
  expect(shades(frame)).toEqual([255, 193, 0]);
  expect([...toGrey(frame)]).toEqual([4095, 3095, 0]);
  const signed = row([0xff9c, 0, 100], [], { ...picture, bits: [16, 16, 15], isSigned: true });
  expect([...toGrey(signed)]).toEqual([99, -1, -101]);
});

const table = (tag: number, first: number, bits: number, entries: readonly number[], firstVr = 'US'): TestElement => [
  tag,
  'SQ',
  [
    [
      [0x00283002, firstVr, words(entries.length, first, bits)],
      [0x00283006, 'OW', words(...entries)],
    ],
  ],
];

it('sends values through a modality table, and beyond its ends through its first and last entry', () => {
  const frame = row([0, 10, 11, 12, 99], [table(0x00283000, 10, 16, [500, 40, 60_000])]);
  expect([...toGrey(frame)]).toEqual([500, 500, 40, 60_000, 60_000]);
  const signed = row([0xfffe, 0xffff, 5], [table(0x00283000, 0xfffe, 16, [1, 2, 3], 'SS')], { isSigned: true });
  expect([...toGrey(signed)]).toEqual([1, 2, 3]);
});

it('sends modality values through a VOI table where there is no window', () => {
  expect(shades(row([0, 1, 2, 9], [table(0x00283010, 1, 8, [0, 51, 255])]))).toEqual([0, 0, 51, 255]);
});

it('takes a table that is there and empty for none', () => {
  const empty: TestElement = [0x00283000, 'SQ', [[[0x00283002, 'US', new Uint8Array(0)]]]];
  expect([...toGrey(row([3, 4], [empty]))]).toEqual([3, 4]);
});

it('refuses a table shorter than it says', () => {
  const entries: TestElement[] = [
    [0x00283002, 'US', words(50, 0, 16)],
    [0x00283006, 'OW', words(1, 2)],
  ];
  expect(() => row([1], [[0x00283000, 'SQ', [entries]]])).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});

it('extends signs that the upper bits do not carry: 12 bits signed in a file of 16', () => {
  const frame = row([0x0fff, 0x0800, 0x07ff, 0xfffe], [], { bits: [16, 12, 11], isSigned: true });
  expect([...frame.stored]).toEqual([0x0fff, 0x0800, 0x07ff, -2]);
  expect([...toGrey(frame)]).toEqual([-1, -2048, 2047, -2]);
});

it('darkens padding that lies outside of the picture, and leaves what cannot be told from tissue', () => {
  const padding = (value: number, limit?: number): TestElement[] => [
    [0x00280120, 'SS', value & 0xffff],
    ...(limit === undefined ? [] : ([[0x00280121, 'SS', limit & 0xffff]] as const)),
  ];
  const signed = { isSigned: true };
  const rescale: TestElement[] = [[0x00281052, 'DS', '-24']];
  const below = row([0xf830, 100, 40, 7], [...padding(-2000), ...rescale], signed); // 0xf830 is -2000
  expect([...toGrey(below)]).toEqual([-17, 76, 16, -17]);
  expect([...toGrey(row([4095, 100, 40], padding(4095), signed))]).toEqual([40, 100, 40]);
  expect([...toGrey(row([50, 100, 40], padding(50), signed))]).toEqual([50, 100, 40]);
  expect([...toGrey(row([0xfff6, 0xfff7, 100, 40], padding(-10, -9), signed))]).toEqual([40, 40, 100, 40]);
  expect([...toGrey(row([5, 5], padding(5), signed))]).toEqual([5, 5]);
});

const palette = (red: readonly number[], green: readonly number[], blue: readonly number[], first = 0): TestElement[] =>
  [red, green, blue].flatMap((entries, i): TestElement[] => [
    [0x00281101 + i, 'US', words(entries.length, first, 16)],
    [0x00281201 + i, 'OW', words(...entries)],
  ]);

it('paints palette colours, and gives a model their luminance', () => {
  const colours = palette([0xff00, 0, 0x1000], [0, 0xff00, 0x2000], [0, 0, 0x3000], 5);
  const frame = row([5, 6, 7, 200], colours, { photometric: 'PALETTE COLOR' });
  expect(shades(frame)).toEqual([255, 0, 0, 0, 255, 0, 16, 32, 48, 16, 32, 48]);
  expect(toGrey(frame)[0]).toBeCloseTo(0.299 * 255, 4);
  expect(toGrey(frame)[1]).toBeCloseTo(0.587 * 255, 4);
});

it('expands segmented palettes: entries, lines and repetitions', () => {
  // 0: entries 0x1000 0x3000; 1: three steps of a line to 0x9000; 2: the first segment again
  const red = [0, 2, 0x1000, 0x3000, 1, 3, 0x9000, 2, 1, 0, 0];
  const plain = [0, 7, 0, 0, 0, 0, 0, 0, 0];
  const channels = [red, plain, plain].flatMap((segments, i): TestElement[] => [
    [0x00281101 + i, 'US', words(7, 0, 16)],
    [0x00281221 + i, 'OW', words(...segments)],
  ]);
  const frame = row([0, 1, 2, 3, 4, 5, 6], channels, { photometric: 'PALETTE COLOR' });
  const reds = shades(frame).filter((_, i) => i % 3 === 0);
  expect(reds).toEqual([0x10, 0x30, 0x50, 0x70, 0x90, 0x10, 0x30]);
});

it.each([
  ['a line without a beginning', [1, 3, 0x9000]],
  ['a repetition of itself', [0, 1, 5, 2, 1, 3, 0]],
  ['an unknown segment', [0, 1, 5, 9, 1, 0]],
  ['fewer entries than it says', [0, 2, 1, 2]],
  ['more entries than it says', [0, 8, 1, 2, 3, 4, 5, 6, 7, 8]],
])('refuses a segmented palette with %s', (_, segments) => {
  const channels = [0, 1, 2].flatMap((i): TestElement[] => [
    [0x00281101 + i, 'US', words(7, 0, 16)],
    [0x00281221 + i, 'OW', words(...segments)],
  ]);
  expect(() => row([0], channels, { photometric: 'PALETTE COLOR' })).toThrow(
    expect.objectContaining({ code: 'DICOM_INVALID' }),
  );
});

it('refuses a palette picture without a palette', () => {
  expect(() => row([0], [], { photometric: 'PALETTE COLOR' })).toThrow(
    expect.objectContaining({ code: 'DICOM_INVALID' }),
  );
});

it('makes red, green and blue of YBR, and gives a model its first sample', () => {
  const ybr = (...pixels: number[]) => {
    const picture = {
      rows: 1,
      columns: pixels.length / 3,
      samples: 3,
      photometric: 'YBR_FULL',
      bits: [8, 8, 7],
    } as const;
    return readImage(dicomFile([...pictureElements(picture), [0x7fe00010, 'OB', Uint8Array.from(pixels)]]));
  };
  // grey, the red of BT.601 (76, 85, 255), and one that must be cut
  const frame = ybr(90, 128, 128, 76, 85, 255, 250, 128, 255);
  expect(shades(frame)).toEqual([90, 90, 90, 254, 0, 0, 255, 159, 250]);
  expect([...toGrey(frame)]).toEqual([90, 76, 250]);
});

it('sees one frame at a time, and refuses pixels that are no numbers', () => {
  const two = row([1, 2], [], {});
  expect(() => toGrey({ ...two, rows: 2 })).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
  expect(() => toDisplay({ ...two, rows: 2 })).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
  const float = new Uint8Array(Float32Array.of(1, Number.NaN).buffer);
  const picture = pictureElements({ rows: 1, columns: 2, bits: [16, 16, 15] });
  const frame = readImage(dicomFile([...picture, [0x7fe00008, 'OF', float]]));
  expect(() => toGrey(frame)).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});
