import { expect, it } from 'vitest';
import { apartInSeries, pictureKind } from '../geometry/picture-kind.js';
import { dicomFile, type TestElement } from './file.fixture.js';
import { parseDicom } from './parse.js';
import { readAcquisitions } from './read-acquisition.js';
import { TRANSFER_SYNTAX } from './transfer-syntaxes.js';

const doubles = (...values: number[]) => new Uint8Array(new Float64Array(values).buffer);
const read = (elements: readonly TestElement[], frame = 0, uid?: string) =>
  readAcquisitions(parseDicom(dicomFile(elements, uid)))(frame);

it.each<[string, readonly TestElement[], object]>([
  ['the standard', [[0x00189087, 'FD', doubles(750)]], { BValue: 750 }],
  [
    'Siemens',
    [
      [0x00190010, 'LO', 'SIEMENS MR HEADER'],
      [0x0019100c, 'IS', '1000'],
      [0x0019100e, 'FD', doubles(0, 1, 0)],
    ],
    { BValue: 1000, DiffusionDirection: '0\\1\\0' },
  ],
  [
    'GE',
    [
      [0x00430010, 'LO', 'GEMS_PARM_01'],
      [0x00431039, 'IS', '1000000800\\8\\0\\0'],
    ],
    { BValue: 800 },
  ],
  [
    'Philips',
    [
      [0x20010010, 'LO', 'Philips Imaging DD 001'],
      [0x20011003, 'FL', new Uint8Array(new Float32Array([600]).buffer)],
    ],
    { BValue: 600 },
  ],
  ["nobody's block", [[0x0019100c, 'IS', '1000']], {}],
  [
    'texts and numbers',
    [
      [0x00080008, 'CS', 'ORIGINAL \\PRIMARY\\ M'],
      [0x00180081, 'DS', '10.0 '],
      [0x00180082, 'DS', 'soon'],
      [0x00181210, 'SH', 'B30f'],
    ],
    { ImageType: 'ORIGINAL\\PRIMARY\\M', EchoTime: 10, InversionTime: 'soon', ConvolutionKernel: 'B30f' },
  ],
  ['a number cut short', [[0x00189087, 'FD', new Uint8Array(4)]], {}],
])('knows how a slice was taken: %s', (_, elements, values) => {
  expect(read(elements).values).toEqual(values);
});

it('reads numbers in the byte order of the file', () => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(750);
  expect(read([[0x00189087, 'FD', bytes]], 0, TRANSFER_SYNTAX.explicitBigEndian).values).toEqual({ BValue: 750 });
});

it('looks into the groups of a frame, then into those of all frames, then into the header', () => {
  const echo = (ms: number): TestElement => [0x00189114, 'SQ', [[[0x00189082, 'FD', doubles(ms)]]]];
  const file: readonly TestElement[] = [
    [0x00180081, 'DS', '5'],
    [0x00181210, 'SH', 'sharp'],
    [0x52009229, 'SQ', [[echo(30)]]],
    [0x52009230, 'SQ', [[echo(70)], []]],
  ];
  expect(read(file, 0).values).toEqual({ EchoTime: 70, ConvolutionKernel: 'sharp' });
  expect(read(file, 1).values).toEqual({ EchoTime: 30, ConvolutionKernel: 'sharp' });
});

const facts = { modality: 'CT', sopClassUid: '1.2', technique: 'NONE', imagesInMosaic: 0, isLossy: false };

it.each([
  ['original', 'CT', 'ORIGINAL\\PRIMARY\\AXIAL'],
  ['derived', 'CT', 'DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE'],
  ['derived', 'MR', 'DERIVED\\PRIMARY\\DIFFUSION\\ADC'],
  ['derived', 'CT', 'ORIGINAL\\SECONDARY\\MPR'],
  ['projection', 'MR', 'DERIVED\\SECONDARY\\MIP'],
  ['projection', 'CT', 'DERIVED\\PRIMARY\\PROJECTION IMAGE'],
  ['projection', 'CT', 'DERIVED\\PRIMARY\\VOLUME\\MIN_IP'],
  ['projection', 'CT', 'DERIVED\\SECONDARY\\VOLUME RENDERING'],
  ['mosaic', 'MR', 'ORIGINAL\\PRIMARY\\FMRI\\NONE\\MOSAIC'],
  ['localizer', 'CT', 'ORIGINAL\\PRIMARY\\SCOUT'],
  ['screen-save', 'CT', 'DERIVED\\SECONDARY\\SCREEN SAVE'],
  ['screen-save', 'CT', 'DERIVED\\SECONDARY\\OTHER\\CT_SOM5 PROT'],
  [undefined, 'CT', ''],
  [undefined, 'DX', 'DERIVED\\PRIMARY'],
  [undefined, 'MG', 'DERIVED\\PRIMARY\\TOMOSYNTHESIS\\GENERATED_2D'],
  [undefined, 'US', 'DERIVED\\SECONDARY\\PROJECTION'],
] as const)('%s: %s %s', (kind, modality, imageType) => {
  expect(pictureKind({ ...facts, modality, imageType: imageType.split('\\') })).toBe(kind);
});

it('what is only DERIVED because it is compressed is a picture like others; captures and counted sheets are not', () => {
  expect(pictureKind({ ...facts, imageType: ['DERIVED', 'PRIMARY', 'AXIAL'], isLossy: true })).toBeUndefined();
  expect(pictureKind({ ...facts, imageType: ['ORIGINAL'], sopClassUid: '1.2.840.10008.5.1.4.1.1.7' })).toBe('derived');
  expect(pictureKind({ ...facts, modality: 'MR', imageType: ['ORIGINAL'], imagesInMosaic: 36 })).toBe('mosaic');
  expect(pictureKind({ ...facts, imageType: ['DERIVED'], technique: 'MAX_IP' })).toBe('projection');
});

it('what is derived is apart beside as many original pictures, and a series where it is the most', () => {
  expect([...apartInSeries(['original', 'derived', 'original'])]).toEqual([[1, 'derived']]);
  expect([...apartInSeries(['original', 'derived', 'derived', 'projection'])]).toEqual([[3, 'projection']]);
  expect([...apartInSeries(['derived', 'derived', undefined])]).toEqual([]);
});
