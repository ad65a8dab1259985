import { ConsiliumError } from '@consilium/errors';
import { type DicomElement, type DicomElements, LONG_VRS } from '../parsing/read-elements.js';
import { uidFromName } from './uid.js';

/** What the file meta information says; the rest of it is always the same. */
export interface WriteElementsFields {
  readonly transferSyntaxUid: string;
  /** '' for a file that does not say what it is. */
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** The data set; sorted by tag here, group lengths left out. */
  readonly elements: DicomElements;
}

const UNDEFINED_LENGTH = 0xffffffff;
const SHORT_LENGTH_AT_MOST = 0xfffe;
const ENDS_IN_ZERO: ReadonlySet<string> = new Set(['OB', 'UI', 'UN']);

/**
 * A Part-10 file in explicit VR little endian (or an encapsulated syntax, which is written the same way): a preamble of
 * zeroes, file meta information that names nobody, and the elements. The same elements give the same bytes.
 *
 * Numbers  a value too long for the length field of its VR is written as UN, as PS3.5 6.2.2 wants.
 * Errors   DICOM_INVALID (a UID that is none, more than 4 GiB).
 * Source   DICOM PS3.10 section 7.1, PS3.5 section 7.
 */
export function writeElements(fields: WriteElementsFields): Uint8Array {
  const meta = encode([
    value(0x00020001, 'OB', Uint8Array.of(0, 1)),
    ...(fields.sopClassUid === '' ? [] : [value(0x00020002, 'UI', uidBytes(fields.sopClassUid))]),
    value(0x00020003, 'UI', uidBytes(fields.sopInstanceUid)),
    value(0x00020010, 'UI', uidBytes(fields.transferSyntaxUid)),
    value(0x00020012, 'UI', uidBytes(uidFromName('consilium implementation class'))),
    value(0x00020013, 'SH', Buffer.from('CONSILIUM', 'latin1')),
  ]);
  const metaBytes = Buffer.alloc(4);
  metaBytes.writeUInt32LE(lengthOf(meta));
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  const parts = [preamble, ...encode([value(0x00020000, 'UL', metaBytes)]), ...meta, ...encode(fields.elements)];
  return new Uint8Array(Buffer.concat(parts));
}

function value(tag: number, vr: string, bytes: Uint8Array): DicomElement {
  return { tag, vr, kind: 'value', value: bytes };
}

function uidBytes(uid: string): Uint8Array {
  if (!/^[0-9]+(\.[0-9]+)*$/.test(uid) || uid.length > 64) throw new ConsiliumError('DICOM_INVALID', { field: 'UI' });
  return Buffer.from(uid, 'latin1');
}

function encode(elements: DicomElements): Uint8Array[] {
  return elements
    .filter(({ tag }) => (tag & 0xffff) !== 0 || tag === 0x00020000)
    .toSorted((a, b) => a.tag - b.tag)
    .flatMap(encodeElement);
}

function encodeElement(element: DicomElement): Uint8Array[] {
  const { tag, vr } = element;
  switch (element.kind) {
    case 'value': {
      const parts = padded(vr, element.value);
      return [elementHead(tag, vr, lengthOf(parts)), ...parts];
    }
    case 'sequence': {
      const items = element.items.flatMap((item) => {
        const parts = encode(item);
        return [itemHead(0xfffee000, lengthOf(parts)), ...parts];
      });
      return [elementHead(tag, 'SQ', lengthOf(items)), ...items];
    }
    case 'fragments': {
      const items = element.fragments.flatMap((fragment) => {
        const parts = padded('OB', fragment);
        return [itemHead(0xfffee000, lengthOf(parts)), ...parts];
      });
      return [elementHead(tag, vr, UNDEFINED_LENGTH), ...items, itemHead(0xfffee0dd, 0)];
    }
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length >= UNDEFINED_LENGTH) throw new ConsiliumError('DICOM_INVALID', { bytes: length });
  return length;
}

function elementHead(tag: number, vr: string, length: number): Buffer {
  const isLong = LONG_VRS.has(vr) || length > SHORT_LENGTH_AT_MOST;
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(isLong && !LONG_VRS.has(vr) ? 'UN' : vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(length, 8);
  else head.writeUInt16LE(length, 6);
  return head;
}

function itemHead(tag: number, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.writeUInt32LE(length, 4);
  return head;
}

/** Values have an even length: texts end in a space, UIDs and bytes in a zero. */
function padded(vr: string, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % 2 === 0) return bytes.length === 0 ? [] : [bytes];
  return [bytes, Uint8Array.of(ENDS_IN_ZERO.has(vr) ? 0 : 0x20)];
}
