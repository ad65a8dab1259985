import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { uidFromName } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { part10Head } from '../dimse/part10-head.js';
import { writeSlices } from '../testing/pacs.fixture.js';
import { identify } from './identify.js';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const [file] = writeSlices({ name: 'who', studies: 1, slices: 1, size: 8 });
const EXPECTED = {
  sopUid: uidFromName('who instance 0 0'),
  sopClassUid: CT,
  studyUid: uidFromName('who study 0'),
  seriesUid: uidFromName('who series 0'),
};

/** An element in implicit little endian; `length` lies where it is given. */
function implicit(tag: number, value: Buffer | string, length?: number): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value.length % 2 ? `${value}\0` : value, 'latin1') : value;
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.writeUInt32LE(length ?? bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

const UNDEFINED = 0xffff_ffff;
const NOTHING = Buffer.alloc(0);
const END_OF_ITEM = implicit(0xfffee00d, NOTHING);
const END_OF_SEQUENCE = implicit(0xfffee0dd, NOTHING);
const nested = (inner: Buffer) =>
  Buffer.concat([
    implicit(0x00081140, NOTHING, UNDEFINED),
    implicit(0xfffee000, NOTHING, UNDEFINED),
    inner,
    END_OF_ITEM,
    implicit(0xfffee000, implicit(0x0020000d, '9.9.9')),
    END_OF_SEQUENCE,
  ]);
const headOf = (transferSyntaxUid: string) =>
  part10Head({ sopClassUid: CT, sopUid: EXPECTED.sopUid, transferSyntaxUid });
const uids = Buffer.concat([implicit(0x0020000d, EXPECTED.studyUid), implicit(0x0020000e, EXPECTED.seriesUid)]);

it('reads who an object is', () => {
  expect(identify(readFileSync(file!))).toMatchObject({ ...EXPECTED, transferSyntaxUid: '1.2.840.10008.1.2.1' });
});

it('reads it when it is deflated', () => {
  const bytes = readFileSync(file!);
  const { dataSetAt } = identify(bytes);
  const head = headOf('1.2.840.10008.1.2.1.99');
  expect(identify(Buffer.concat([head, deflateRawSync(bytes.subarray(dataSetAt))]))).toMatchObject(EXPECTED);
});

it('skips sequences, and believes no UID inside of them', () => {
  const sequence = nested(nested(Buffer.concat([implicit(0x0020000d, '7.7.7'), implicit(0x00080018, '6.6.6')])));
  const object = Buffer.concat([headOf('1.2.840.10008.1.2'), implicit(0x00080016, CT), sequence, uids]);
  expect(identify(object)).toMatchObject(EXPECTED);
});

it('goes by the data set where the meta information says another instance', () => {
  const object = Buffer.concat([headOf('1.2.840.10008.1.2'), implicit(0x00080018, '1.2.3.4'), uids]);
  expect(identify(object)).toMatchObject({ ...EXPECTED, sopUid: '1.2.3.4' });
});

it('says nothing of a study that the head does not name', () => {
  const deep = Array.from({ length: 200 }).reduce<Buffer>((inner) => nested(inner), NOTHING);
  const heads = [NOTHING, implicit(0x00081140, NOTHING, UNDEFINED), deep, implicit(0x0020000d, '1.2', 0xffff_fff0)];
  for (const rest of heads)
    expect(identify(Buffer.concat([headOf('1.2.840.10008.1.2'), rest]))).toMatchObject({ studyUid: '', seriesUid: '' });
  const bomb = deflateRawSync(Buffer.alloc(64 * 2 ** 20));
  expect(identify(Buffer.concat([headOf('1.2.840.10008.1.2.1.99'), bomb]))).toMatchObject({ studyUid: '' });
});

it.each([
  ['nothing', NOTHING],
  ['no DICOM', Buffer.alloc(200)],
  ['a preamble alone', headOf('1.2').subarray(0, 132)],
  ['meta information that ends too early', headOf('1.2').subarray(0, 150)],
])('refuses %s', (_, bytes) => {
  expect(() => identify(bytes)).toThrowError(expect.objectContaining({ code: 'PACS_ANSWER_INVALID' }));
});

it('reads any bytes without harm', () => {
  const good = readFileSync(file!);
  for (let seed = 1; seed <= 3000; seed++) {
    const bytes = Buffer.from(good);
    for (let i = 0; i < 3; i++) bytes[132 + ((seed * 7919 + i * 104_729) % 400)] = (seed * 31 + i * 17) & 0xff;
    try {
      identify(bytes);
    } catch (error) {
      expect(error).toMatchObject({ code: 'PACS_ANSWER_INVALID' });
    }
  }
});
