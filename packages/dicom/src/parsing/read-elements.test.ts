import { errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import { readElements, writeElements } from '../index.js';

const le16 = (...numbers: number[]) => Buffer.from(numbers.flatMap((n) => [n & 0xff, n >>> 8]));
const le32 = (n: number) => le16(n & 0xffff, n >>> 16);
const be16 = (...numbers: number[]) => le16(...numbers).swap16();

function explicit(group: number, element: number, vr: string, value: Uint8Array): Buffer {
  const isLong = ['OB', 'OV', 'OW', 'SQ', 'SV', 'UN', 'UT'].includes(vr);
  const length = isLong ? [le16(0), le32(value.length)] : [le16(value.length)];
  return Buffer.concat([le16(group, element), Buffer.from(vr), ...length, value]);
}

function implicit(group: number, element: number, value: Uint8Array, length = value.length): Buffer {
  return Buffer.concat([le16(group, element), le32(length >>> 0), value]);
}

function file(transferSyntax: string, ...parts: Uint8Array[]): Buffer {
  const preamble = Buffer.concat([Buffer.alloc(128, 0x41), Buffer.from('DICM')]);
  const uid = Buffer.from(transferSyntax.padEnd(transferSyntax.length + (transferSyntax.length % 2), '\0'));
  return Buffer.concat([preamble, explicit(2, 0x10, 'UI', uid), ...parts]);
}

function codeOf(bytes: Uint8Array): string {
  try {
    readElements(bytes);
    return 'read';
  } catch (error) {
    return errorCode(error);
  }
}

const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const name = implicit(0x10, 0x10, Buffer.from('DOE^JANE'));
const item = implicit(0xfffe, 0xe000, name);
const nameElement = { tag: 0x00100010, vr: 'PN', kind: 'value', value: Buffer.from('DOE^JANE') };

it.each([
  ['an unknown VR', file(EXPLICIT, explicit(0x11, 0x1001, 'UN', item)), 0x00111001],
  ['an unknown VR of a known sequence', file(EXPLICIT, explicit(0x08, 0x1140, 'UN', item)), 0x00081140],
  ['a private element of an implicit file', file(IMPLICIT, implicit(0x11, 0x1001, item)), 0x00111001],
  [
    'an element without a length',
    file(IMPLICIT, implicit(0x11, 0x1001, Buffer.concat([item, implicit(0xfffe, 0xe0dd, le16())]), 0xffffffff)),
    0x00111001,
  ],
])('finds the sequence that hides in %s', (_, bytes, tag) => {
  expect(readElements(bytes).elements).toEqual([{ tag, vr: 'SQ', kind: 'sequence', items: [[nameElement]] }]);
});

it('reads on after the pixel data, and knows the VRs of 64-bit words', () => {
  const tree = readElements(
    file(
      EXPLICIT,
      explicit(0x0028, 0x0103, 'US', le16(1)),
      explicit(0x0072, 0x0082, 'SV', Buffer.alloc(8, 5)),
      explicit(0x7fe0, 0x0010, 'OW', le16(1, 2)),
      explicit(0x7fe1, 0x1010, 'OV', Buffer.alloc(8)),
      explicit(0xfffc, 0xfffc, 'OB', Buffer.from('JANE')),
    ),
  );
  expect(tree.elements.map(({ tag, vr }) => `${tag.toString(16)} ${vr}`)).toEqual(
    '280103 US,720082 SV,7fe00010 OW,7fe11010 OV,fffcfffc OB'.split(','),
  );
});

it('turns big-endian words round, and leaves texts', () => {
  const bytes = file(
    BIG_ENDIAN,
    Buffer.concat([be16(0x10, 0x10), Buffer.from('PN'), be16(2), Buffer.from('Du')]),
    Buffer.concat([be16(0x28, 0x10), Buffer.from('US'), be16(2), be16(513)]),
    Buffer.concat([be16(0x7fe0, 0x10), Buffer.from('OW'), be16(0, 0, 4), be16(1, 65534)]),
  );
  expect(readElements(bytes).elements.map((e) => (e.kind === 'value' ? [...e.value] : []))).toEqual([
    [...Buffer.from('Du')],
    [1, 2],
    [1, 0, 0xfe, 0xff],
  ]);
});

it('takes the sign of the pixels for attributes that may be signed or not', () => {
  const vrs = (sign: number) =>
    readElements(file(IMPLICIT, implicit(0x28, 0x103, le16(sign)), implicit(0x28, 0x106, le16(7)))).elements.map(
      ({ vr }) => vr,
    );
  expect([vrs(0), vrs(1)]).toEqual([
    ['US', 'US'],
    ['US', 'SS'],
  ]);
});

it('reads a file without preamble, and one without meta information too', () => {
  const elements = [
    explicit(8, 5, 'CS', Buffer.from('ISO_IR 100')),
    explicit(0x10, 0x10, 'PN', Buffer.from('DOE^JANE')),
  ];
  const tags = (bytes: Uint8Array) => readElements(bytes).elements.map(({ tag }) => tag);
  expect(tags(file(EXPLICIT, ...elements).subarray(132))).toEqual([0x00080005, 0x00100010]);
  expect(tags(Buffer.concat(elements))).toEqual([0x00080005, 0x00100010]);
  expect(tags(Buffer.concat([implicit(8, 5, Buffer.from('ISO_IR 100')), name]))).toEqual([0x00080005, 0x00100010]);
});

it('refuses what lies about its length, nests too deep, or has a VR that nobody knows', () => {
  const nested = (depth: number): Buffer =>
    depth === 0 ? name : implicit(0x08, 0x1140, implicit(0xfffe, 0xe000, nested(depth - 1)));
  expect(codeOf(file(IMPLICIT, nested(64)))).toBe('read');
  expect(codeOf(file(IMPLICIT, nested(65)))).toBe('DICOM_INVALID');
  expect(codeOf(file(IMPLICIT, implicit(0x10, 0x10, Buffer.from('DOE'), 2 ** 31)))).toBe('DICOM_TRUNCATED');
  expect(codeOf(file(IMPLICIT, implicit(0x08, 0x1140, implicit(0xfffe, 0xe000, name, 99))))).toBe('DICOM_TRUNCATED');
  expect(codeOf(file(EXPLICIT, explicit(8, 8, 'CS', le16(0)), explicit(0x10, 0x10, '??', name)))).toBe('DICOM_INVALID');
  expect(codeOf(file('1.2.840.10008.1.2.1.99', Buffer.alloc(50, 0xff)))).toBe('DICOM_INVALID');
  expect(codeOf(Buffer.alloc(500))).toBe('DICOM_NOT_DICOM');
});

it('reads a deep file of sequences in UN without going round in circles', () => {
  let bytes: Buffer = name;
  for (let i = 0; i < 60; i++) bytes = implicit(0x11, 0x1001, implicit(0xfffe, 0xe000, bytes));
  const started = performance.now();
  expect(codeOf(file(IMPLICIT, bytes.subarray(0, bytes.length - 1)))).toBe('DICOM_TRUNCATED');
  // The innermost length is wrong: each level falls back to bytes, and none may be read twice for it.
  bytes.writeUInt32LE(9999, bytes.length - 12);
  expect(['read', 'DICOM_INVALID']).toContain(codeOf(file(IMPLICIT, bytes)));
  expect(performance.now() - started).toBeLessThan(500);
});

it('reads zeroes that something follows in a time that grows with them, and not more elements than a memory holds', () => {
  const started = performance.now();
  const zeroes = (count: number) => file(IMPLICIT, Buffer.alloc(count), name);
  expect(codeOf(zeroes(2 ** 20))).toBe('read');
  expect(performance.now() - started).toBeLessThan(5000);
  expect(codeOf(zeroes(2 ** 23))).toBe('DICOM_TOO_LARGE');
});

it('writes no preamble, no group lengths, and a long value of a short VR as UN', () => {
  const value = Buffer.alloc(70_000, 0x20);
  const written = writeElements({
    transferSyntaxUid: EXPLICIT,
    sopClassUid: '1.2.3',
    sopInstanceUid: '1.2.4',
    elements: [
      { tag: 0x00181030, vr: 'LO', kind: 'value', value },
      { tag: 0x00100000, vr: 'UL', kind: 'value', value: le32(99) },
    ],
  });
  expect(written.subarray(0, 128).every((byte) => byte === 0)).toBe(true);
  expect(Buffer.from(written).includes(Buffer.from([0x18, 0, 0x30, 0x10, 0x55, 0x4e]))).toBe(true);
  const { elements } = readElements(written);
  expect(elements).toEqual([{ tag: 0x00181030, vr: 'LO', kind: 'value', value: new Uint8Array(value) }]);
});
