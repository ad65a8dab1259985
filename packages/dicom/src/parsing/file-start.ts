import { ConsiliumError } from '@consilium/errors';
import { TRANSFER_SYNTAX } from './transfer-syntaxes.js';

/** How a file begins: with its preamble, with the meta elements, or with the data set. */
export type FileStart =
  | { readonly kind: 'meta'; readonly offset: number }
  | { readonly kind: 'data-set'; readonly transferSyntaxUid: string };

const VALUE_REPRESENTATION =
  /^(?:AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV)$/;

/** Undefined where it is no DICOM. Source  DICOM PS3.10 section 7.1; the other two are what older archives hold. */
export function startOf(bytes: Uint8Array): FileStart | undefined {
  const hasMark = bytes.length > 132 && latin1(bytes, 128, 132) === 'DICM';
  if (hasMark && bytes[132] === 2) return { kind: 'meta', offset: 132 };
  if (bytes.length < 16) return undefined;
  const isExplicit = isExplicitAt(bytes, 0);
  const [group, element] = [bytes[0]! | (bytes[1]! << 8), bytes[2]! | (bytes[3]! << 8)];
  if (isExplicit && group === 2 && element <= 0x10) return { kind: 'meta', offset: 0 };
  const transferSyntaxUid = dataSetSyntax(group, element, isExplicit, bytes);
  if (transferSyntaxUid !== undefined) return { kind: 'data-set', transferSyntaxUid };
  return hasMark ? { kind: 'meta', offset: 132 } : undefined;
}

/** Every data set begins in group 0008, with an element below 0080: length, character set, image type, UIDs. */
function dataSetSyntax(group: number, element: number, isExplicit: boolean, bytes: Uint8Array): string | undefined {
  if (group === 0x0008 && element < 0x0080) {
    if (isExplicit) return TRANSFER_SYNTAX.explicitLittleEndian;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
    return length <= Math.min(bytes.length - 8, 1024) ? TRANSFER_SYNTAX.implicitLittleEndian : undefined;
  }
  const isSwapped = group === 0x0800 && (element & 0xff) === 0 && element >>> 8 < 0x80;
  return isExplicit && isSwapped ? TRANSFER_SYNTAX.explicitBigEndian : undefined;
}

/**
 * The transfer syntax, and the end of the meta elements whatever length they claim.
 *
 * Errors   DICOM_TRUNCATED, DICOM_INVALID (it names no transfer syntax).
 */
export function readMeta(
  bytes: Uint8Array,
  offset: number,
): { readonly transferSyntaxUid: string; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let transferSyntaxUid: string | undefined;
  let at = offset;
  while (at + 8 <= bytes.length && view.getUint16(at, true) === 2) {
    const isLong = /^(OB|OW|UN|SQ|UT)$/.test(latin1(bytes, at + 4, at + 6));
    const dataOffset = at + (isLong ? 12 : 8);
    if (dataOffset > bytes.length) break;
    const length = isLong ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    const isTransferSyntax = view.getUint16(at + 2, true) === 0x10;
    at = dataOffset + length;
    if (isTransferSyntax && at <= bytes.length) transferSyntaxUid = uidAt(bytes, dataOffset, length);
  }
  const isCut = at > bytes.length || (at < bytes.length && at + 8 > bytes.length);
  if (isCut) throw new ConsiliumError('DICOM_TRUNCATED', { bytes: bytes.length });
  if (transferSyntaxUid === undefined) throw new ConsiliumError('DICOM_INVALID', { missing: 'transfer syntax' });
  return { transferSyntaxUid, end: at };
}

/** Whether the element at an offset names its value representation. */
export function isExplicitAt(bytes: Uint8Array, at: number): boolean {
  return VALUE_REPRESENTATION.test(latin1(bytes, at + 4, at + 6));
}

/** The transfer syntax as text that is safe in a log: digits and dots, at most 64. */
function uidAt(bytes: Uint8Array, offset: number, length: number): string {
  const text = latin1(bytes, offset, offset + Math.min(length, 64));
  return text.replace(/[\0 ]+$/, '').replace(/[^0-9.]/g, '?');
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
