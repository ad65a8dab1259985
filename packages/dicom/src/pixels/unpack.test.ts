import { deflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { loadCodecs, openImage, readImage, TRANSFER_SYNTAX } from '../index.js';
import {
  dicomFile,
  encapsulated,
  pictureElements,
  type TestElement,
  type TestPicture,
} from '../parsing/file.fixture.js';

const RLE = '1.2.840.10008.1.2.5';

function stored(picture: TestPicture, pixels: TestElement, uid?: string): number[] {
  return [...readImage(dicomFile([...pictureElements(picture), pixels], uid)).stored];
}

function compressed(
  picture: TestPicture,
  uid: string,
  fragments: readonly Uint8Array[],
  offsets?: readonly number[],
): Buffer {
  return Buffer.concat([dicomFile(pictureElements(picture), uid), encapsulated(fragments, offsets)]);
}

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return (error as ConsiliumError).code;
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);

it('reads single bits, the lowest first, frames without a gap between them', () => {
  const picture = { rows: 1, columns: 3, frames: 3, bits: [1, 1, 0] } as const;
  const nine = [1, 0, 1, 1, 1, 0, 0, 1, 1];
  const packed = bytes(0b1001_1101, 0b1);
  expect(stored(picture, [0x7fe00010, 'OB', packed])).toEqual(nine);
  // Big endian words: the second byte of a pair comes first.
  expect(stored(picture, [0x7fe00010, 'OW', bytes(0b1, 0b1001_1101)], TRANSFER_SYNTAX.explicitBigEndian)).toEqual(nine);
});

it('reads signed, shifted and wide values in both byte orders', () => {
  const two = { rows: 1, columns: 2 };
  const minusTwo = bytes(0xfe, 0xff, 7, 0);
  expect(stored({ ...two, bits: [16, 16, 15], isSigned: true }, [0x7fe00010, 'OW', minusTwo])).toEqual([-2, 7]);
  const big = bytes(0xff, 0xfe, 0, 7);
  const { explicitBigEndian } = TRANSFER_SYNTAX;
  expect(stored({ ...two, bits: [16, 16, 15], isSigned: true }, [0x7fe00010, 'OW', big], explicitBigEndian)).toEqual([
    -2, 7,
  ]);
  // Twelve bits that end at bit 15: the lower four belong to something else.
  expect(stored({ ...two, bits: [16, 12, 15] }, [0x7fe00010, 'OW', bytes(0x3f, 0x12, 0xf0, 0xff)])).toEqual([
    0x123, 0xfff,
  ]);
  const wide = bytes(1, 0, 0, 0x80, 2, 0, 0, 0);
  expect(stored({ ...two, bits: [32, 32, 31] }, [0x7fe00010, 'OW', wide])).toEqual([0x80000001, 2]);
  expect(stored({ ...two, bits: [32, 32, 31], isSigned: true }, [0x7fe00010, 'OW', wide])).toEqual([-0x7fffffff, 2]);
  const wideBig = bytes(0x80, 0, 0, 1, 0, 0, 0, 2);
  expect(stored({ ...two, bits: [32, 32, 31] }, [0x7fe00010, 'OW', wideBig], explicitBigEndian)).toEqual([
    0x80000001, 2,
  ]);
});

it('reads values at an odd place of the file', () => {
  const picture = pictureElements({ rows: 1, columns: 2, bits: [16, 16, 15] });
  const file = dicomFile([...picture, [0x7fe00010, 'OW', bytes(1, 2, 3, 4)]]);
  const shifted = new Uint8Array(file.length + 1);
  shifted.set(file, 1);
  expect([...readImage(shifted.subarray(1)).stored]).toEqual([0x0201, 0x0403]);
});

it('reads floating point of both sizes', () => {
  const picture = { rows: 1, columns: 2, bits: [16, 16, 15] } as const;
  const float = new Uint8Array(Float32Array.of(1.5, -2).buffer);
  const double = new Uint8Array(Float64Array.of(0.1, 1e300).buffer);
  expect(stored(picture, [0x7fe00008, 'OF', float])).toEqual([1.5, -2]);
  expect(stored(picture, [0x7fe00009, 'OD', double])).toEqual([0.1, 1e300]);
});

it('puts planes and subsampled colours at every pixel', () => {
  const planes = bytes(1, 2, 11, 12, 21, 22);
  const rgb = { rows: 1, columns: 2, samples: 3, photometric: 'RGB', bits: [8, 8, 7] } as const;
  expect(stored({ ...rgb, isPlanar: true }, [0x7fe00010, 'OB', planes])).toEqual([1, 11, 21, 2, 12, 22]);
  // Y1 Y2 Cb Cr for two pixels; a row of three has a fourth that is not there.
  const pairs = bytes(1, 2, 91, 92, 3, 0, 93, 94);
  const picture = { ...rgb, columns: 3, photometric: 'YBR_FULL_422' };
  expect(stored(picture, [0x7fe00010, 'OB', pairs])).toEqual([1, 91, 92, 2, 91, 92, 3, 93, 94]);
});

/** RLE of one frame: each segment is one literal run. */
function rle(...segments: readonly number[][]): Uint8Array {
  const coded = segments.map((values) => [values.length - 1, ...values]);
  const head = Buffer.alloc(64);
  head.writeUInt32LE(segments.length, 0);
  let at = 64;
  coded.forEach((segment, i) => {
    head.writeUInt32LE(at, 4 + 4 * i);
    at += segment.length;
  });
  return Buffer.concat([head, Uint8Array.from(coded.flat())]);
}

it('reads RLE: the upper bytes of 16 bits first, runs and literals, one plane a sample', () => {
  const picture = { rows: 1, columns: 3, bits: [16, 16, 15] } as const;
  expect([...readImage(compressed(picture, RLE, [rle([1, 2, 3], [10, 20, 30])])).stored]).toEqual([266, 532, 798]);
  const rgb = { ...picture, samples: 3, photometric: 'RGB', bits: [8, 8, 7] } as const;
  expect([...readImage(compressed(rgb, RLE, [rle([1, 2, 3], [4, 5, 6], [7, 8, 9])])).stored]).toEqual([
    1, 4, 7, 2, 5, 8, 3, 6, 9,
  ]);
  const run = Buffer.concat([rle([]).subarray(0, 64), bytes(254, 9)]); // 257 - 254 times the nine
  expect([...readImage(compressed({ ...picture, bits: [8, 8, 7] }, RLE, [run])).stored]).toEqual([9, 9, 9]);
});

it.each([
  ['another number of segments', rle([1, 2, 3]), 'DICOM_INVALID'],
  ['a segment that is too short', rle([1, 2], [10, 20, 30]), 'DICOM_TRUNCATED'],
  ['a head that is cut', rle([1, 2, 3], [1, 2, 3]).subarray(0, 40), 'DICOM_TRUNCATED'],
  ['a segment that begins in the head', Buffer.from(rle([1, 2, 3], [1, 2, 3])).fill(8, 4, 5), 'DICOM_INVALID'],
])('refuses RLE with %s', (_, stream, code) => {
  const picture = { rows: 1, columns: 3, bits: [16, 16, 15] } as const;
  expect(codeOf(() => readImage(compressed(picture, RLE, [stream])))).toBe(code);
});

it('reads frames that were deflated one by one, and refuses one that grows', () => {
  const picture = { rows: 1, columns: 3, frames: 2, bits: [8, 8, 7] } as const;
  const frames = [deflateRawSync(bytes(1, 2, 3)), deflateRawSync(bytes(4, 5, 6))];
  expect([...readImage(compressed(picture, '1.2.840.10008.1.2.8.1', frames)).stored]).toEqual([1, 2, 3, 4, 5, 6]);
  const bomb = deflateRawSync(new Uint8Array(2 ** 20));
  const file = compressed(picture, '1.2.840.10008.1.2.8.1', [bomb, bomb]);
  expect(codeOf(() => readImage(file))).toBe('DICOM_CODESTREAM_INVALID');
});

it('finds the frames among more fragments: by the offset table, by the extended one, by how they begin', () => {
  const picture = { rows: 1, columns: 3, frames: 2, bits: [8, 8, 7] } as const;
  const [one, two] = [rle([1, 2, 3]), rle([4, 5, 6])];
  const pieces = [one.subarray(0, 66), one.subarray(66), two]; // the first frame in two fragments
  const secondFrame = pieces[0]!.length + pieces[1]!.length + 16;
  expect([...readImage(compressed(picture, RLE, pieces, [0, secondFrame])).stored]).toEqual([1, 2, 3, 4, 5, 6]);
  const table = Buffer.alloc(16);
  table.writeBigUInt64LE(BigInt(secondFrame), 8);
  const extended = dicomFile([...pictureElements(picture), [0x7fe00001, 'OV', table]], RLE);
  expect([...readImage(Buffer.concat([extended, encapsulated(pieces)])).stored]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(codeOf(() => readImage(compressed(picture, RLE, pieces)))).toBe('DICOM_INVALID');
  expect(codeOf(() => readImage(compressed(picture, RLE, [one])))).toBe('DICOM_INVALID');
});

it('refuses fragments that are cut, and a sequence without an end', () => {
  const picture = { rows: 1, columns: 3, bits: [8, 8, 7] } as const;
  const file = compressed(picture, RLE, [rle([1, 2, 3])]);
  for (const cut of [1, 8, 9, 20])
    expect(codeOf(() => readImage(file.subarray(0, file.length - cut)))).toBe('DICOM_TRUNCATED');
});

it('decodes one frame without the others', () => {
  const picture = { rows: 1, columns: 3, frames: 2, bits: [8, 8, 7] } as const;
  const open = openImage(compressed(picture, RLE, [bytes(0), rle([4, 5, 6])]));
  expect([...open.readFrame(1).stored]).toEqual([4, 5, 6]);
  expect(codeOf(() => open.readFrame(0))).toBe('DICOM_TRUNCATED');
});

it.each([
  ['46,341 x 46,341', { rows: 46_341, columns: 46_341 }],
  ['65,535 x 65,535', { rows: 65_535, columns: 65_535 }],
  ['frames without end', { rows: 4096, columns: 4096, frames: 60_000 }],
  ['more frames than any object has', { rows: 1, columns: 1, frames: 900_000 }],
])('refuses a header of %s before it makes room for them', (_, size) => {
  const file = dicomFile([...pictureElements({ ...size, bits: [16, 16, 15] }), [0x7fe00010, 'OW', bytes(1, 2)]]);
  const before = process.memoryUsage().arrayBuffers;
  expect(codeOf(() => readImage(file))).toBe('DICOM_TOO_LARGE');
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
});

/** The frame header of a JPEG or the SIZ of a JPEG 2000 codestream, and nothing behind it. */
const jpegHead = (rows: number, columns: number) =>
  bytes(255, 216, 255, 192, 0, 11, 8, rows >>> 8, rows & 255, columns >>> 8, columns & 255, 1, 1, 17, 0, 255, 217);

it('refuses a codestream of another size than the header says, before any codec makes room for it', async () => {
  const codecs = await loadCodecs();
  const picture = { rows: 2, columns: 3, bits: [8, 8, 7] } as const;
  const read = (stream: Uint8Array) => readImage(compressed(picture, '1.2.840.10008.1.2.4.50', [stream]), codecs);
  expect(codeOf(() => read(jpegHead(65_535, 65_535)))).toBe('DICOM_INVALID');
  expect(codeOf(() => read(jpegHead(3, 2)))).toBe('DICOM_INVALID');
  expect(codeOf(() => read(jpegHead(2, 3)))).toBe('DICOM_CODESTREAM_INVALID');
  expect(codeOf(() => read(bytes(255, 216, 255, 192)))).toBe('DICOM_CODESTREAM_INVALID');
  expect(codeOf(() => read(bytes()))).toBe('DICOM_CODESTREAM_INVALID');
  const siz = Buffer.alloc(60);
  siz.set([255, 0x4f, 255, 0x51, 0, 41]);
  [65_535, 65_535, 0, 0, 1, 1, 0, 0].forEach((n, i) => {
    siz.writeUInt32BE(n, 8 + 4 * i);
  });
  siz.set([0, 1, 7, 1, 1], 40);
  const j2k = compressed(picture, '1.2.840.10008.1.2.4.90', [siz]);
  expect(codeOf(() => readImage(j2k, codecs))).toBe('DICOM_INVALID');
});

it('says that codecs are missing where they were not loaded', () => {
  const file = compressed({ rows: 2, columns: 3, bits: [8, 8, 7] }, '1.2.840.10008.1.2.4.50', [jpegHead(2, 3)]);
  expect(codeOf(() => openImage(file))).toBe('DICOM_UNSUPPORTED');
});

it('reads files without preamble, and data sets under the wrong transfer syntax', () => {
  const picture = pictureElements({ rows: 1, columns: 2, bits: [8, 8, 7] });
  const elements: TestElement[] = [[0x00080060, 'CS', 'MR'], ...picture, [0x7fe00010, 'OB', bytes(3, 4)]];
  const file = dicomFile(elements);
  expect([...readImage(file.subarray(132)).stored]).toEqual([3, 4]); // begins with the meta elements
  const dataSet = file.subarray(file.indexOf(Buffer.from([8, 0, 0x60, 0]), 132));
  expect([...readImage(dataSet).stored]).toEqual([3, 4]);
  const big = dicomFile(elements, TRANSFER_SYNTAX.explicitBigEndian);
  expect([...readImage(big.subarray(big.indexOf(Buffer.from([0, 8, 0, 0x60]), 132))).stored]).toEqual([3, 4]);
  const lying = Buffer.concat([dicomFile([], TRANSFER_SYNTAX.implicitLittleEndian), dataSet]);
  expect([...readImage(lying).stored]).toEqual([3, 4]);
  expect(readImage(lying).transferSyntaxUid).toBe(TRANSFER_SYNTAX.implicitLittleEndian);
});
