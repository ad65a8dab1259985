import { deflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import { TRANSFER_SYNTAX } from '../parsing/transfer-syntaxes.js';
import { ATTRIBUTES, type AttributeName, type Vr } from './attributes.js';
import { uidFromName } from './uid.js';
import { type Endianness, type PlainValue, valueBytes } from './value-bytes.js';

/** A compressed picture: one byte stream a fragment, each fragment one frame. */
export interface EncapsulatedPixels {
  readonly frames: readonly Uint8Array[];
}

export type AttributeValue = PlainValue | readonly DataSet[] | EncapsulatedPixels;

/** Elements by their keyword in the standard; `undefined` is left out, '' and [] are written empty. */
export type DataSet = { readonly [Name in AttributeName]?: AttributeValue | undefined };

interface Encoding {
  readonly isExplicit: boolean;
  readonly endianness: Endianness;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  [TRANSFER_SYNTAX.implicitLittleEndian]: { isExplicit: false, endianness: 'little' },
  [TRANSFER_SYNTAX.explicitBigEndian]: { isExplicit: true, endianness: 'big' },
};
const EXPLICIT_LITTLE: Encoding = { isExplicit: true, endianness: 'little' };

/** VRs whose length field takes four bytes after two reserved ones. */
const LONG_VRS: ReadonlySet<Vr> = new Set(['OB', 'OW', 'OF', 'SQ', 'UC', 'UT']);

/**
 * A DICOM file of this data set, whose `SOPClassUID` and `SOPInstanceUID` go into the file meta. Elements are put in the
 * order of their tags; sequences and items have defined lengths. Same data set, same bytes: no clock, no random UID.
 *
 * Errors   DICOM_INVALID (a value that does not fit its element, a data set without its UIDs).
 * Source   DICOM PS3.10 section 7, PS3.5 sections 7, A.1 to A.5.
 */
export function writeDataSet(
  dataSet: DataSet,
  transferSyntaxUid: string = TRANSFER_SYNTAX.explicitLittleEndian,
): Uint8Array {
  const { SOPClassUID, SOPInstanceUID } = dataSet;
  if (typeof SOPClassUID !== 'string' || typeof SOPInstanceUID !== 'string') {
    throw new ConsiliumError('DICOM_INVALID', { missing: 'SOP class or instance UID' });
  }
  const meta = encode(
    {
      FileMetaInformationVersion: Uint8Array.of(0, 1),
      MediaStorageSOPClassUID: SOPClassUID,
      MediaStorageSOPInstanceUID: SOPInstanceUID,
      TransferSyntaxUID: transferSyntaxUid,
      ImplementationClassUID: uidFromName('consilium implementation class'),
      ImplementationVersionName: 'CONSILIUM',
    },
    EXPLICIT_LITTLE,
  );
  const metaLength = encode({ FileMetaInformationGroupLength: meta.length }, EXPLICIT_LITTLE);
  const body = encode(withCharacterSet(dataSet), ENCODINGS[transferSyntaxUid] ?? EXPLICIT_LITTLE);
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  const isDeflated = transferSyntaxUid === TRANSFER_SYNTAX.deflated;
  return new Uint8Array(Buffer.concat([preamble, metaLength, meta, isDeflated ? evenDeflate(body) : body]));
}

function evenDeflate(body: Buffer): Buffer {
  const deflated = deflateRawSync(body);
  return deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Buffer.alloc(1)]);
}

function withCharacterSet(dataSet: DataSet): DataSet {
  return isAscii(dataSet) ? dataSet : { ...dataSet, SpecificCharacterSet: 'ISO_IR 192' };
}

function isAscii(value: unknown): boolean {
  if (typeof value === 'string') return /^[\0-\x7f]*$/.test(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  return Object.values(value).every(isAscii);
}

function encode(dataSet: DataSet, encoding: Encoding): Buffer {
  const names = (Object.keys(dataSet) as AttributeName[]).filter((name) => dataSet[name] !== undefined);
  names.sort((a, b) => ATTRIBUTES[a][0] - ATTRIBUTES[b][0]);
  return Buffer.concat(names.flatMap((name) => elementBytes(name, vrOf(name, dataSet), dataSet[name]!, encoding)));
}

/** Values of pixels are written as the pixels are, and bits that share bytes are bytes. */
function vrOf(name: AttributeName, { PixelRepresentation, BitsAllocated }: DataSet): Vr {
  if (name === 'PixelPaddingValue' && PixelRepresentation === 1) return 'SS';
  if (name === 'PixelData' && BitsAllocated !== 16) return 'OB';
  return ATTRIBUTES[name][1];
}

function elementBytes(name: AttributeName, vr: Vr, value: AttributeValue, encoding: Encoding): Uint8Array[] {
  const [tag] = ATTRIBUTES[name];
  if (isEncapsulated(value)) return [elementHead(tag, 'OB', 0xffffffff, encoding), ...fragments(value)];
  const bytes = isItems(vr, value) ? itemBytes(value, encoding) : valueBytes(name, vr, value, encoding.endianness);
  return [elementHead(tag, vr, bytes.length, encoding), bytes];
}

function isItems(vr: Vr, value: PlainValue | readonly DataSet[]): value is readonly DataSet[] {
  return vr === 'SQ' && Array.isArray(value);
}

function isEncapsulated(value: AttributeValue): value is EncapsulatedPixels {
  return typeof value === 'object' && 'frames' in value;
}

/** Items of a compressed picture, behind a basic offset table with the place of each frame. */
function fragments({ frames }: EncapsulatedPixels): Uint8Array[] {
  const padded = frames.map((frame) => (frame.length % 2 === 0 ? frame : Buffer.concat([frame, Buffer.alloc(1)])));
  const offsets = Buffer.alloc(4 * padded.length);
  let offset = 0;
  padded.forEach((frame, index) => {
    offsets.writeUInt32LE(offset, 4 * index);
    offset += 8 + frame.length;
  });
  const items = [offsets, ...padded].flatMap((bytes) => [itemHead(0xe000, bytes.length, 'little'), bytes]);
  return [...items, itemHead(0xe0dd, 0, 'little')];
}

function itemBytes(value: readonly DataSet[], encoding: Encoding): Buffer {
  const items = value.map((item) => encode(item, encoding));
  return Buffer.concat(items.flatMap((item) => [itemHead(0xe000, item.length, encoding.endianness), item]));
}

function itemHead(element: number, length: number, endianness: Endianness): Buffer {
  const head = Buffer.alloc(8);
  writeNumbers(head, endianness, [
    [0xfffe, 2],
    [element, 2],
    [length, 4],
  ]);
  return head;
}

function elementHead(tag: number, vr: Vr, length: number, { isExplicit, endianness }: Encoding): Buffer {
  const isLong = isExplicit && LONG_VRS.has(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  const [group, element] = [tag >>> 16, tag & 0xffff];
  if (isExplicit && !isLong && length > 0xffff) throw new ConsiliumError('DICOM_INVALID', { valueBytes: length, vr });
  const place = [
    [group, 2],
    [element, 2],
  ] as const;
  if (!isExplicit) writeNumbers(head, endianness, [...place, [length, 4]]);
  else if (isLong) writeNumbers(head, endianness, [...place, [0, 2], [0, 2], [length, 4]]);
  else writeNumbers(head, endianness, [...place, [0, 2], [length, 2]]);
  if (isExplicit) head.write(vr, 4, 'latin1');
  return head;
}

function writeNumbers(
  head: Buffer,
  endianness: Endianness,
  numbers: readonly (readonly [value: number, bytes: number])[],
): void {
  let offset = 0;
  for (const [value, bytes] of numbers) {
    if (endianness === 'little') head.writeUIntLE(value, offset, bytes);
    else head.writeUIntBE(value, offset, bytes);
    offset += bytes;
  }
}
