import { open } from 'node:fs/promises';
import { constants, inflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';

/** What the inbox must know of an object; '' where its head does not say. */
export interface Identity {
  readonly sopUid: string;
  readonly sopClassUid: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly transferSyntaxUid: string;
  /** Where the data set begins in the file. */
  readonly dataSetAt: number;
}

const PREAMBLE_BYTES = 132;
const DEEPEST = 64;
const UNDEFINED_LENGTH = 0xffff_ffff;
const IMPLICIT = '1.2.840.10008.1.2';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const LONG_FORM = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const ITEM = 0xfffee000;
const END_OF_ITEM = 0xfffee00d;
const END_OF_SEQUENCE = 0xfffee0dd;
const SOP_CLASS = 0x00080016;
const SOP_INSTANCE = 0x00080018;
const STUDY = 0x0020000d;
const SERIES = 0x0020000e;
const WANTED = new Set([SOP_CLASS, SOP_INSTANCE, STUDY, SERIES]);
export const UID = /^(?=.{1,64}$)[0-9]+(\.[0-9]+)*$/;

/**
 * Who an object is, from the first bytes of its Part-10 file.
 *
 * Errors   PACS_ANSWER_INVALID when it is not DICOM or does not name its instance and transfer syntax.
 * Source   DICOM PS3.10 section 7, PS3.5 section 7.
 */
export function identify(head: Buffer): Identity {
  if (head.length < PREAMBLE_BYTES || head.toString('latin1', 128, PREAMBLE_BYTES) !== 'DICM')
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an object is not DICOM' });
  const meta = new Map<number, string>();
  const scan: Scan = { bytes: head, at: PREAMBLE_BYTES, isImplicit: false, isBigEndian: false };
  walk(scan, 0, (tag, value) => {
    if (tag >>> 16 !== 2) return 'stop';
    meta.set(tag, text(value));
    return 'go';
  });
  const transferSyntaxUid = meta.get(0x00020010) ?? '';
  const dataSet = uidsOf(head.subarray(scan.at), transferSyntaxUid);
  // What the PACS lists is what the data set says. The meta information may say another instance, or none.
  const sopUid = dataSet.get(SOP_INSTANCE) ?? meta.get(0x00020003) ?? '';
  const sopClassUid = dataSet.get(SOP_CLASS) ?? meta.get(0x00020002) ?? '';
  if (![sopUid, sopClassUid, transferSyntaxUid].every((uid) => UID.test(uid)))
    throw new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'an object does not say which instance it is' });
  const [studyUid, seriesUid] = [dataSet.get(STUDY) ?? '', dataSet.get(SERIES) ?? ''];
  return { sopUid, sopClassUid, transferSyntaxUid, studyUid, seriesUid, dataSetAt: scan.at };
}

/** The UIDs of the top level that its beginning holds. */
function uidsOf(dataSet: Buffer, transferSyntaxUid: string): Map<number, string> {
  const found = new Map<number, string>();
  const scan: Scan = {
    bytes: transferSyntaxUid === DEFLATED ? inflatePrefix(dataSet) : dataSet,
    at: 0,
    isImplicit: transferSyntaxUid === IMPLICIT,
    isBigEndian: transferSyntaxUid === BIG_ENDIAN,
  };
  walk(scan, 0, (tag, value) => {
    if (tag > SERIES) return 'stop';
    if (WANTED.has(tag) && UID.test(text(value))) found.set(tag, text(value));
    return 'go';
  });
  return found;
}

/** What can be inflated of a beginning; bounded, because a few bytes may become very many. */
function inflatePrefix(deflated: Buffer): Buffer {
  try {
    return inflateRawSync(deflated.subarray(0, 16 * 1024), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 32 * 2 ** 20,
    });
  } catch {
    return Buffer.alloc(0); // its study then stays unknown; whoever decodes it says what is wrong
  }
}

interface Scan {
  readonly bytes: Buffer;
  at: number;
  readonly isImplicit: boolean;
  readonly isBigEndian: boolean;
}

interface ElementHead {
  readonly tag: number;
  readonly length: number;
  readonly valueAt: number;
}

/** Visits the elements of one level; false when the bytes end first, or the visitor stops. `at` stays before what it stopped at. */
function walk(scan: Scan, depth: number, visit: (tag: number, value: Buffer) => 'go' | 'stop'): boolean {
  if (depth > DEEPEST) return false;
  while (true) {
    const head = readHead(scan);
    if (!head) return false;
    if (head.tag === END_OF_ITEM || head.tag === END_OF_SEQUENCE) {
      scan.at = head.valueAt;
      return true;
    }
    const isUndefined = head.length === UNDEFINED_LENGTH;
    const end = isUndefined ? head.valueAt : head.valueAt + head.length;
    if (end > scan.bytes.length) return false;
    if (visit(head.tag, isUndefined ? EMPTY : scan.bytes.subarray(head.valueAt, end)) === 'stop') return false;
    scan.at = end;
    if (isUndefined && !skipItems(scan, depth)) return false;
  }
}

const EMPTY = Buffer.alloc(0);

/** The items of a sequence of undefined length. */
function skipItems(scan: Scan, depth: number): boolean {
  while (true) {
    const head = readHead(scan);
    if (!head) return false;
    scan.at = head.valueAt;
    if (head.tag === END_OF_SEQUENCE) return true;
    if (head.tag !== ITEM) return false;
    if (head.length !== UNDEFINED_LENGTH) scan.at += head.length;
    else if (!walk(scan, depth + 1, () => 'go')) return false;
  }
}

function readHead(scan: Scan): ElementHead | undefined {
  const { bytes, at, isBigEndian } = scan;
  if (at + 8 > bytes.length) return undefined;
  const u16 = (offset: number) => (isBigEndian ? bytes.readUInt16BE(offset) : bytes.readUInt16LE(offset));
  const u32 = (offset: number) => (isBigEndian ? bytes.readUInt32BE(offset) : bytes.readUInt32LE(offset));
  const tag = ((u16(at) << 16) | u16(at + 2)) >>> 0;
  if (scan.isImplicit || tag >>> 16 === 0xfffe) return { tag, length: u32(at + 4), valueAt: at + 8 };
  if (!LONG_FORM.has(bytes.toString('latin1', at + 4, at + 6))) return { tag, length: u16(at + 6), valueAt: at + 8 };
  return at + 12 > bytes.length ? undefined : { tag, length: u32(at + 8), valueAt: at + 12 };
}

function text(value: Buffer): string {
  return value
    .subarray(0, 64)
    .toString('latin1')
    .replace(/[\0 ]+$/, '');
}

/** Enough for everything before the series' UID in all but absurd objects. */
export const HEAD_BYTES = 256 * 1024;

/** Errors  PACS_ANSWER_INVALID (not DICOM). */
export async function identifyFile(path: string): Promise<Identity> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return identify(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
