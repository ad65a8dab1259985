import { deflateRawSync } from 'node:zlib';
import { ConsiliumError, errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import { readImage, uidFromName, writeImage } from '../index.js';

const fields = {
  header: {
    sopInstanceUid: uidFromName('i'),
    studyInstanceUid: uidFromName('s'),
    seriesInstanceUid: uidFromName('e'),
    patientId: 'P',
  },
  rows: 16,
  columns: 12,
  stored: Uint16Array.from({ length: 192 }, (_, i) => (i * 37) % 4096),
  bitsStored: 12,
};
const whole = writeImage(fields);

function codeOf(bytes: Uint8Array): string {
  try {
    readImage(bytes);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(ConsiliumError);
    return errorCode(error);
  }
}

/** Element header as the writer makes it: tag little endian, VR, 16 bit length. */
function offsetOf(group: number, element: number): number {
  const tag = Buffer.from([group & 0xff, group >>> 8, element & 0xff, element >>> 8]);
  const offset = Buffer.from(whole).indexOf(tag, 132);
  expect(offset).toBeGreaterThan(0);
  return offset;
}

function withValue(group: number, element: number, value: number): Uint8Array {
  const bytes = Buffer.from(whole);
  bytes.writeUInt16LE(value, offsetOf(group, element) + 8);
  return bytes;
}

it('refuses a file cut at any length, and never as a picture', () => {
  const codes = new Map<string, number>();
  for (let length = 0; length < whole.length; length++) {
    const code = codeOf(whole.subarray(0, length));
    expect(['DICOM_NOT_DICOM', 'DICOM_TRUNCATED', 'DICOM_NO_PIXELS', 'DICOM_INVALID']).toContain(code);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codeOf(whole.subarray(0, whole.length - 1))).toBe('DICOM_TRUNCATED');
  expect(codeOf(whole.subarray(0, 100))).toBe('DICOM_NOT_DICOM');
  expect(codes.get('DICOM_TRUNCATED')).toBeGreaterThan(390);
});

it('throws only its own errors on random bytes and on flipped bytes', () => {
  let state = 12345;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let trial = 0; trial < 200; trial++) {
    const bytes = Uint8Array.from({ length: 600 }, () => next(256));
    if (trial % 2 === 1) bytes.set(whole.subarray(0, 132 + next(200)), 0);
    expect(codeOf(bytes)).not.toBe('INTERNAL');
  }
  let refused = 0;
  for (let trial = 0; trial < 500; trial++) {
    const bytes = Uint8Array.from(whole);
    for (let flips = 0; flips <= trial % 3; flips++) bytes[128 + next(whole.length - 128 - 384)]! ^= 1 << next(8);
    if (codeOf(bytes) !== 'read') refused++;
  }
  expect(refused).toBeGreaterThan(50);
});

it.each([
  ['rows x columns far beyond the data', withValue(0x28, 0x10, 65535), 'DICOM_INVALID'],
  ['no rows', withValue(0x28, 0x10, 0), 'DICOM_INVALID'],
  ['more stored bits than allocated', withValue(0x28, 0x101, 17), 'DICOM_INVALID'],
  ['three samples of one grey', withValue(0x28, 0x2, 3), 'DICOM_INVALID'],
  ['four samples', withValue(0x28, 0x2, 4), 'DICOM_UNSUPPORTED'],
  ['more bits allocated than are there', withValue(0x28, 0x100, 32), 'DICOM_INVALID'],
  ['12 bits allocated', withValue(0x28, 0x100, 12), 'DICOM_UNSUPPORTED'],
])('refuses %s', (_, bytes, code) => {
  expect(codeOf(bytes)).toBe(code);
});

it('names the transfer syntax that it cannot read', () => {
  const bytes = Buffer.from(whole);
  bytes[bytes.indexOf('1.2.840.10008.1.2.1\0', 132) + 18] = '9'.charCodeAt(0);
  expect(() => readImage(bytes)).toThrow(ConsiliumError);
  try {
    readImage(bytes);
  } catch (error) {
    expect((error as ConsiliumError).code).toBe('DICOM_UNSUPPORTED');
    expect((error as ConsiliumError).detail).toEqual({ transferSyntaxUid: '1.2.840.10008.1.2.9' });
  }
});

/** The file with another transfer syntax in its header and another data set. */
function withTransferSyntax(last: string, dataSet: Uint8Array): Uint8Array {
  const uid = Buffer.from(`1.2.840.10008.1.2${last}`.padEnd(22, '\0'), 'latin1');
  const element = Buffer.concat([Buffer.from([2, 0, 0x10, 0, 0x55, 0x49, 22, 0]), uid]);
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128);
  return Buffer.concat([preamble, element, dataSet]);
}

function dataSetOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(Buffer.from(bytes).indexOf(Buffer.from([8, 0, 8, 0]), 132));
}

it('reads a deflated data set, and refuses a cut one', () => {
  const deflated = withTransferSyntax('.1.99', deflateRawSync(dataSetOf(whole)));
  expect([...readImage(deflated).stored]).toEqual([...fields.stored]);
  expect(codeOf(deflated.subarray(0, deflated.length - 20))).toBe('DICOM_TRUNCATED');
});

it('refuses a deflated data set that grows without end', () => {
  const bomb = withTransferSyntax('.1.99', deflateRawSync(Buffer.alloc(300 * 2 ** 20)));
  expect(codeOf(bomb)).toBe('DICOM_TOO_LARGE');
});

it('refuses a header of endless elements before it fills the memory', () => {
  const element = Buffer.from([9, 0, 0, 0x10, 0x4c, 0x4f, 0, 0]);
  const many = Buffer.alloc(24 * 2 ** 20);
  for (let i = 0; i < many.length; i += 8) {
    element.writeUInt16LE((i / 8) & 0xffff, 2);
    element.copy(many, i);
  }
  expect(codeOf(withTransferSyntax('.1', many))).toBe('DICOM_INVALID');
});

it('refuses sequences nested ten thousand deep', () => {
  const open = Buffer.from([
    8, 0, 0x40, 0x11, 0x53, 0x51, 0, 0, 255, 255, 255, 255, 254, 255, 0, 224, 255, 255, 255, 255,
  ]);
  const nested = Buffer.concat(new Array(10_000).fill(open));
  expect(codeOf(withTransferSyntax('.1', nested))).not.toBe('read');
});

it('drops an overlay that hides in the unused bits, and keeps what a wrong bit count would cut off', () => {
  const bytes = Uint8Array.from(whole);
  bytes[whole.length - 192 * 2 + 1]! |= 0xf0;
  expect(readImage(bytes).stored[0]).toBe(0xf000);
  const dataSet = dataSetOf(bytes);
  const pixels = Buffer.from(dataSet).indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0]));
  const bitPosition = Buffer.from([0, 0x60, 2, 1, 0x55, 0x53, 2, 0, 12, 0]);
  const withOverlay = Buffer.concat([dataSet.subarray(0, pixels), bitPosition, dataSet.subarray(pixels)]);
  expect([...readImage(withTransferSyntax('.1', withOverlay)).stored]).toEqual([...fields.stored]);
});
