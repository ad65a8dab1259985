import { ConsiliumError } from '@consilium/errors';
import { type DicomHeader, HEADER_TAGS } from '../parsing/header.js';
import { TRANSFER_SYNTAX } from '../parsing/transfer-syntaxes.js';
import type { Photometric } from '../pixels/pixel-format.js';
import { uidFromName } from './uid.js';

export const CR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.1';

/** A picture to write. Texts left out are written empty where the standard wants the element, and left out elsewhere. */
export interface WriteImageFields {
  readonly header: Partial<DicomHeader> &
    Pick<DicomHeader, 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid'>;
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major, each inside the range of `bitsStored`. */
  readonly stored: ArrayLike<number>;
  readonly bitsStored: number;
  readonly isSigned?: boolean;
  readonly photometric?: Photometric;
  readonly rescale?: { readonly slope: number; readonly intercept: number };
  readonly window?: { readonly center: number; readonly width: number };
  readonly pixelSpacingMm?: { readonly row: number; readonly column: number };
}

type Vr = 'AS' | 'CS' | 'DA' | 'DS' | 'IS' | 'LO' | 'OB' | 'OW' | 'PN' | 'SH' | 'SS' | 'TM' | 'UI' | 'UL' | 'US';
interface WrittenElement {
  /** Group in the upper 16 bits, element in the lower. */
  readonly tag: number;
  readonly vr: Vr;
  readonly value: Uint8Array;
}

const HEADER_VRS: Readonly<Record<keyof DicomHeader, Vr>> = {
  sopClassUid: 'UI',
  sopInstanceUid: 'UI',
  studyInstanceUid: 'UI',
  seriesInstanceUid: 'UI',
  patientId: 'LO',
  patientName: 'PN',
  patientBirthDate: 'DA',
  patientSex: 'CS',
  patientAge: 'AS',
  accessionNumber: 'SH',
  studyDate: 'DA',
  institutionName: 'LO',
  referringPhysicianName: 'PN',
  manufacturer: 'LO',
  manufacturerModelName: 'LO',
  deviceSerialNumber: 'LO',
  modality: 'CS',
  bodyPartExamined: 'CS',
  viewPosition: 'CS',
};

/** Present even when empty (type 2 of the CR image's modules). */
const ALWAYS_PRESENT: ReadonlySet<keyof DicomHeader> = new Set([
  'patientId',
  'patientName',
  'patientBirthDate',
  'patientSex',
  'accessionNumber',
  'studyDate',
  'referringPhysicianName',
  'manufacturer',
  'bodyPartExamined',
  'viewPosition',
]);

/**
 * A DICOM file (CR Image Storage, explicit VR little endian) of 8 bits allocated up to 8 stored, else 16.
 * The same fields give the same bytes: no clock, no random UID.
 *
 * Errors   DICOM_INVALID (values out of range, wrong length, a text or UID that does not fit its element).
 * Source   DICOM PS3.10 section 7, PS3.5 section 7, PS3.3 A.2 (CR image).
 */
export function writeImage(fields: WriteImageFields): Uint8Array {
  const sopClassUid = fields.header.sopClassUid ?? CR_IMAGE_STORAGE;
  const meta = [
    element(0x00020001, 'OB', Uint8Array.of(0, 1)),
    text(0x00020002, 'UI', sopClassUid),
    text(0x00020003, 'UI', fields.header.sopInstanceUid),
    text(0x00020010, 'UI', TRANSFER_SYNTAX.explicitLittleEndian),
    text(0x00020012, 'UI', uidFromName('consilium implementation class')),
    text(0x00020013, 'SH', 'CONSILIUM'),
  ];
  const metaBytes = encode(meta);
  const groupLength = element(0x00020000, 'UL', Uint8Array.from([0, 8, 16, 24].map((s) => metaBytes.length >>> s)));
  const dataSet = [...headerElements({ ...fields.header, sopClassUid }), ...imageElements(fields)];
  dataSet.sort((a, b) => a.tag - b.tag);
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  return new Uint8Array(Buffer.concat([preamble, encode([groupLength]), metaBytes, encode(dataSet)]));
}

function headerElements(header: WriteImageFields['header']): WrittenElement[] {
  const isAscii = Object.values(header).every((value) => /^[\x20-\x7e]*$/.test(value));
  const written = isAscii ? [] : [text(0x00080005, 'CS', 'ISO_IR 192')];
  for (const name of Object.keys(HEADER_TAGS) as (keyof DicomHeader)[]) {
    const value = name === 'modality' ? header.modality || 'CR' : (header[name] ?? '');
    if (value === '' && !ALWAYS_PRESENT.has(name)) continue;
    written.push(text(Number.parseInt(HEADER_TAGS[name].slice(1), 16), HEADER_VRS[name], value));
  }
  return written;
}

function imageElements(fields: WriteImageFields): WrittenElement[] {
  const { rows, columns, bitsStored, isSigned = false, photometric = 'MONOCHROME2' } = fields;
  const bitsAllocated = bitsStored <= 8 ? 8 : 16;
  const written = [
    text(0x00080008, 'CS', 'ORIGINAL\\PRIMARY'),
    text(0x00080030, 'TM', ''), // study time
    text(0x00200010, 'SH', ''), // study id
    text(0x00200011, 'IS', '1'), // series number
    text(0x00200013, 'IS', '1'), // instance number
    text(0x00200020, 'CS', 'L\\F'), // patient orientation: rows run to the patient's left, columns to the feet
    unsigned(0x00280002, 1),
    text(0x00280004, 'CS', photometric),
    unsigned(0x00280010, rows),
    unsigned(0x00280011, columns),
    unsigned(0x00280100, bitsAllocated),
    unsigned(0x00280101, bitsStored),
    unsigned(0x00280102, bitsStored - 1),
    unsigned(0x00280103, isSigned ? 1 : 0),
    element(0x7fe00010, bitsAllocated === 8 ? 'OB' : 'OW', pixelBytes(fields, bitsAllocated, isSigned)),
  ];
  const { pixelSpacingMm: spacing, window, rescale } = fields;
  if (spacing !== undefined) {
    const value = `${decimal(spacing.row)}\\${decimal(spacing.column)}`;
    written.push(text(0x00181164, 'DS', value)); // at the detector: a projection has no spacing in the patient
  }
  if (window !== undefined) {
    written.push(text(0x00281050, 'DS', decimal(window.center)), text(0x00281051, 'DS', decimal(window.width)));
  }
  if (rescale !== undefined) {
    written.push(text(0x00281052, 'DS', decimal(rescale.intercept)), text(0x00281053, 'DS', decimal(rescale.slope)));
    written.push(text(0x00281054, 'LO', 'US'));
  }
  return written;
}

function pixelBytes(fields: WriteImageFields, bitsAllocated: number, isSigned: boolean): Uint8Array {
  const { rows, columns, stored, bitsStored } = fields;
  const lowest = isSigned ? -(2 ** (bitsStored - 1)) : 0;
  const highest = lowest + 2 ** bitsStored - 1;
  const areSizesGood = [rows, columns].every((size) => Number.isInteger(size) && size >= 1 && size <= 0xffff);
  if (!areSizesGood || stored.length !== rows * columns || bitsStored < 1 || bitsStored > 16) {
    throw new ConsiliumError('DICOM_INVALID', { rows, columns, values: stored.length, bitsStored });
  }
  const bytesEach = bitsAllocated / 8;
  const bytes = Buffer.alloc(rows * columns * bytesEach);
  const mask = 2 ** bitsAllocated - 1;
  for (let i = 0; i < stored.length; i++) {
    const value = stored[i]!;
    if (!Number.isInteger(value) || value < lowest || value > highest) {
      throw new ConsiliumError('DICOM_INVALID', { index: i, lowest, highest });
    }
    bytes.writeUIntLE(value & mask, i * bytesEach, bytesEach);
  }
  return bytes;
}

/** A DS value has at most 16 characters. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new ConsiliumError('DICOM_INVALID', { field: 'DS' });
  const plain = String(value);
  return plain.length <= 16 ? plain : String(Number(value.toPrecision(9)));
}

const LENGTH_LIMITS: Readonly<Partial<Record<Vr, number>>> = { AS: 4, DA: 8, LO: 64, PN: 64, SH: 16, TM: 16, UI: 64 };

function text(tag: number, vr: Vr, value: string): WrittenElement {
  const isValueTooLong = value.split('\\').some((part) => part.length > (LENGTH_LIMITS[vr] ?? 16));
  const isUidBad = vr === 'UI' && !/^[0-9]+(\.[0-9]+)*$/.test(value);
  const hasControlCharacters = [...value].some((character) => character < ' ');
  if (isValueTooLong || isUidBad || hasControlCharacters) {
    throw new ConsiliumError('DICOM_INVALID', { tag: tag.toString(16).padStart(8, '0'), characters: value.length });
  }
  return element(tag, vr, Buffer.from(value, 'utf8'));
}

function unsigned(tag: number, value: number): WrittenElement {
  return element(tag, 'US', Uint8Array.of(value & 0xff, value >>> 8));
}

function element(tag: number, vr: Vr, value: Uint8Array): WrittenElement {
  return { tag, vr, value };
}

function encode(elements: readonly WrittenElement[]): Buffer {
  return Buffer.concat(
    elements.flatMap(({ tag, vr, value }) => [elementHeader(tag, vr, value.length), padded(vr, value)]),
  );
}

function elementHeader(tag: number, vr: Vr, length: number): Buffer {
  const isLong = vr === 'OB' || vr === 'OW';
  const header = Buffer.alloc(isLong ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  header.write(vr, 4, 'latin1');
  const evenLength = length + (length & 1);
  if (isLong) header.writeUInt32LE(evenLength, 8);
  else header.writeUInt16LE(evenLength, 6);
  return header;
}

/** Values have an even length: texts end in a space, UIDs and bytes in a zero. */
function padded(vr: Vr, value: Uint8Array): Uint8Array {
  if (value.length % 2 === 0) return value;
  return Buffer.concat([value, Uint8Array.of(vr === 'UI' || vr === 'OB' ? 0 : 0x20)]);
}
