import { expect, it } from 'vitest';
import {
  greyWithRemarks,
  loadCodecs,
  type PictureRemark,
  readImage,
  toDisplay,
  toGrey,
  toSmallGrey,
} from '../index.js';
import {
  dicomFile,
  encapsulated,
  pictureElements,
  type TestElement,
  type TestPicture,
} from '../parsing/file.fixture.js';

const words = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);
const TWELVE = [16, 12, 11] as const;

function native(values: readonly number[], picture: Partial<TestPicture> = {}, elements: readonly TestElement[] = []) {
  const format = pictureElements({ rows: 1, columns: values.length, bits: TWELVE, ...picture });
  const all: TestElement[] = [...elements, ...format, [0x7fe00010, 'OW', words(...values)]];
  return readImage(dicomFile(all.sort(([a], [b]) => a - b)));
}

const padding = (value: number, vr = 'US'): TestElement => [0x00280120, vr, value & 0xffff];

it('drops unused high bits of unsigned values, and says so; the stored values stay as they are in the file', () => {
  const frame = native([0xf001, 0x0fff, 0x7800, 5]);
  expect([...frame.stored]).toEqual([0xf001, 0x0fff, 0x7800, 5]);
  expect(greyWithRemarks(frame)).toEqual({ grey: Float32Array.of(1, 4095, 2048, 5), remarks: ['unused-bits'] });
  expect([...toSmallGrey(frame, 1).grey]).toEqual([1, 4095, 2048, 5]);
  expect([...toDisplay(frame).pixels]).toEqual([0, 255, 128, 0]);
  expect(greyWithRemarks(native([1, 2, 4095])).remarks).toEqual([]);
});

it('finds the one value with unused bits, wherever it lies and wherever the pixels do', () => {
  for (const more of ['', 'x', 'xyz'])
    for (let at = 0; at < 7; at++) {
      const values = Array.from({ length: 7 }, (_, i) => (i === at ? 0x9003 : 3));
      // Another length of the header moves the pixels to another address.
      const frame = native(values, {}, [[0x00102000, 'LT', more]]);
      expect([...toGrey(frame)]).toEqual([3, 3, 3, 3, 3, 3, 3]);
    }
});

it('mirrors MONOCHROME1 and reads palettes by the values without the unused bits', () => {
  expect([...toGrey(native([0xf001, 0x0fff], { photometric: 'MONOCHROME1' }))]).toEqual([4094, 0]);
  const colours = [0x00281201, 0x00281202, 0x00281203].map((tag): TestElement => [tag, 'OW', words(0, 10, 200)]);
  const tables = [0x00281101, 0x00281102, 0x00281103].map((tag): TestElement => [tag, 'US', words(3, 0, 8)]);
  const palette = native([0xf001, 0x2002], { photometric: 'PALETTE COLOR' }, [...tables, ...colours]);
  expect([...toGrey(palette)].map(Math.round)).toEqual([10, 200]);
});

it('keeps padding that needs the unused bits apart from the greys that it would become without them', () => {
  // -2000 as 16 bits; its lower twelve bits are 2096, a grey in the middle of the picture.
  const frame = native([0xf830, 2096, 3000, 0xf830], {}, [padding(0xf830)]);
  expect(greyWithRemarks(frame)).toEqual({ grey: Float32Array.of(2096, 2096, 3000, 2096), remarks: ['padding'] });
  const dark = native([0xf830, 7, 3000], {}, [padding(0xf830)]);
  expect([...toGrey(dark)]).toEqual([7, 7, 3000]);
});

it('says of padding what became of it', () => {
  expect(greyWithRemarks(native([0, 40, 90], {}, [padding(0)])).remarks).toEqual(['padding']);
  expect(greyWithRemarks(native([50, 40, 90], {}, [padding(50)])).remarks).toEqual(['padding-among-values']);
  expect(greyWithRemarks(native([50, 40, 90], {}, [padding(7)])).remarks).toEqual([]);
});

it.each<[string, readonly TestElement[], readonly PictureRemark[]]>([
  [
    'PET in becquerels',
    [
      [0x00080060, 'CS', 'PT'],
      [0x00541001, 'CS', 'BQML'],
    ],
    ['not-suv'],
  ],
  [
    'PET that is an SUV already',
    [
      [0x00080060, 'CS', 'PT'],
      [0x00541001, 'CS', 'GML'],
    ],
    [],
  ],
  [
    'the scale of Philips',
    [
      [0x20050010, 'LO', 'Philips MR Imaging DD 001'],
      [0x2005100e, 'FL', words(0, 0x3f80)],
    ],
    ['other-scale'],
  ],
  [
    'its block taken by another',
    [
      [0x20050010, 'LO', 'SOMEBODY ELSE'],
      [0x2005100e, 'FL', words(0, 0x3f80)],
    ],
    [],
  ],
  ['real world values on another line', [mapping(2, 0)], ['other-scale']],
  ['real world values on the same line', [mapping(1, 0)], []],
])('names scales that are not applied: %s', (_, elements, remarks) => {
  expect(greyWithRemarks(native([1, 2], {}, elements)).remarks).toEqual(remarks);
});

function mapping(slope: number, intercept: number): TestElement {
  const double = (value: number) => new Uint8Array(Float64Array.of(value).buffer);
  return [
    0x00409096,
    'SQ',
    [
      [
        [0x00409224, 'FD', double(intercept)],
        [0x00409225, 'FD', double(slope)],
      ],
    ],
  ];
}

type Library = typeof import('dcmjs-codecs');

/** A picture of one row of sixteen, encoded as of these bits, in a file whose header says `picture`. */
async function compressed(
  codec: 'JpegLs' | 'Jpeg2000' | 'HtJpeg2000',
  values: ArrayLike<number>,
  { bits, isSigned, isWide }: { bits: number; isSigned: boolean; isWide: boolean },
  picture: Omit<TestPicture, 'rows' | 'columns'>,
) {
  const codecs = await loadCodecs();
  const imported = await import('dcmjs-codecs');
  const library = ((imported as { default?: Library }).default ?? imported) as Library;
  const side = Math.sqrt(values.length);
  const plain = isWide ? Uint16Array.from(values, (v) => v & 0xffff) : Uint8Array.from(values, (v) => v & 0xff);
  const context = new library.Context({
    width: side,
    height: side,
    bitsAllocated: isWide ? 16 : 8,
    bitsStored: bits,
    samplesPerPixel: 1,
    pixelRepresentation: isSigned ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: new Uint8Array(plain.buffer),
  });
  const encoded = library.NativeCodecs[`encode${codec}`](context, { lossy: false });
  const uid = { JpegLs: '80', Jpeg2000: '90', HtJpeg2000: '201' }[codec];
  const head = dicomFile(pictureElements({ rows: side, columns: side, ...picture }), `1.2.840.10008.1.2.4.${uid}`);
  return readImage(Buffer.concat([head, encapsulated([encoded.getEncodedBuffer()!])]), codecs);
}

const RAMP = Array.from({ length: 256 }, (_, i) => i * 16 - 2048);
const THIRTEEN = [16, 13, 12] as const;

it.each(['Jpeg2000', 'HtJpeg2000'] as const)(
  '%s whose codestream is unsigned under a signed header: the bits are those of signed values, and that is said',
  async (codec) => {
    const asUnsigned = RAMP.map((value) => value & 0x1fff);
    const image = await compressed(
      codec,
      asUnsigned,
      { bits: 13, isSigned: false, isWide: true },
      { bits: THIRTEEN, isSigned: true },
    );
    expect([...image.stored]).toEqual(RAMP);
    expect(greyWithRemarks(image)).toEqual({ grey: Float32Array.from(RAMP), remarks: ['sign-by-header'] });
  },
);

it.each(['Jpeg2000', 'HtJpeg2000'] as const)(
  '%s whose codestream is signed under an unsigned header: the values are as signed as they were encoded, and that is said',
  async (codec) => {
    const image = await compressed(codec, RAMP, { bits: 13, isSigned: true, isWide: true }, { bits: THIRTEEN });
    // This library's encoder of HTJ2K writes all the bits that there is room for.
    const mask = codec === 'Jpeg2000' ? 0x1fff : 0xffff;
    expect([...image.stored]).toEqual(RAMP.map((value) => value & mask));
    expect(greyWithRemarks(image)).toEqual({ grey: Float32Array.from(RAMP), remarks: ['sign-by-codestream'] });
    const harmless = RAMP.map((value) => value + 2048);
    const positive = await compressed(codec, harmless, { bits: 13, isSigned: true, isWide: true }, { bits: THIRTEEN });
    expect(greyWithRemarks(positive)).toEqual({ grey: Float32Array.from(harmless), remarks: [] });
  },
);

it('reads JPEG-LS of at most 8 bits in a file that has room for 16, signed and unsigned', async () => {
  const values = Array.from({ length: 256 }, (_, i) => (i * 7) % 128);
  const narrow = { bits: 7, isSigned: false, isWide: false };
  const image = await compressed('JpegLs', values, narrow, { bits: [16, 7, 6] });
  expect(image.stored).toEqual(Uint16Array.from(values));
  const signed = await compressed('JpegLs', values, narrow, { bits: [16, 7, 6], isSigned: true });
  expect([...toGrey(signed)]).toEqual(values.map((value) => (value > 63 ? value - 128 : value)));
});

it('drops unused bits that a lossless codec has kept', async () => {
  const values = RAMP.map((value, i) => (value + 2048) | (i % 2 ? 0xf000 : 0));
  const image = await compressed('JpegLs', values, { bits: 16, isSigned: false, isWide: true }, { bits: TWELVE });
  expect([...toGrey(image)]).toEqual(RAMP.map((value) => value + 2048));
});
