import { ConsiliumError } from '@consilium/errors';
import type { Element } from 'dicom-parser';
import { DICOM_LIMITS, type ParsedDicom } from '../parsing/parse.js';

/** A piece of the file: the bytes of one fragment. */
interface Fragment {
  /** Of the item's tag, from the first item after the offset table: what offset tables count. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;
const FRAGMENT_LIMIT = 4 * DICOM_LIMITS.frames;

/**
 * The codestreams of encapsulated pixel data, one a frame. A codestream of one fragment is a view of the file.
 *
 * Errors   DICOM_INVALID (not encapsulated, frames that cannot be told apart), DICOM_TRUNCATED.
 * Source   DICOM PS3.5 A.4 (fragments, basic offset table), PS3.3 C.7.6.3.1.8 (extended offset table).
 */
export function framesOf(parsed: ParsedDicom, element: Element, frames: number): Uint8Array[] {
  if (element.hadUndefinedLength !== true) throw new ConsiliumError('DICOM_INVALID', { pixelData: 'not encapsulated' });
  const { offsets, fragments } = readItems(parsed.bytes, element.dataOffset);
  const groups = grouped(fragments, frames, () => extendedOffsets(parsed) ?? offsets);
  return groups.map((group) => joined(group));
}

function readItems(bytes: Uint8Array, from: number): { offsets: readonly number[]; fragments: Fragment[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fragments: Fragment[] = [];
  let offsets: readonly number[] | undefined;
  let first = from;
  for (let at = from; ; ) {
    if (at + 8 > bytes.length) throw new ConsiliumError('DICOM_TRUNCATED', { bytes: bytes.length });
    const tag = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (tag === SEQUENCE_END) return { offsets: offsets ?? [], fragments };
    if (tag !== ITEM || length === 0xffffffff)
      throw new ConsiliumError('DICOM_INVALID', { fragment: fragments.length });
    const end = at + 8 + length;
    if (end > bytes.length) throw new ConsiliumError('DICOM_TRUNCATED', { bytes: bytes.length });
    if (offsets === undefined) {
      offsets = Array.from({ length: length >>> 2 }, (_, i) => view.getUint32(from + 8 + 4 * i, true));
      first = end;
    } else fragments.push({ offset: at - first, bytes: bytes.subarray(at + 8, end) });
    if (fragments.length > FRAGMENT_LIMIT) throw new ConsiliumError('DICOM_TOO_LARGE', { fragments: fragments.length });
    at = end;
  }
}

/** Which fragments make which frame: by their number, else by an offset table, else by how a codestream begins. */
function grouped(fragments: readonly Fragment[], frames: number, offsetsOf: () => readonly number[]): Fragment[][] {
  if (fragments.length < frames) throw new ConsiliumError('DICOM_INVALID', { fragments: fragments.length, frames });
  if (frames === 1) return [[...fragments]];
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  const starts = new Set(offsetsOf());
  const byTable = splitAt(fragments, ({ offset }) => starts.has(offset));
  if (byTable.length === frames) return byTable;
  const byMarker = splitAt(fragments, ({ bytes }) => isCodestreamStart(bytes));
  if (byMarker.length === frames) return byMarker;
  throw new ConsiliumError('DICOM_INVALID', { fragments: fragments.length, frames });
}

function splitAt(fragments: readonly Fragment[], isStart: (fragment: Fragment) => boolean): Fragment[][] {
  const groups: Fragment[][] = [];
  for (const fragment of fragments) {
    if (isStart(fragment)) groups.push([]);
    groups.at(-1)?.push(fragment);
  }
  return groups;
}

/** JPEG and JPEG-LS begin with FF D8, a JPEG 2000 codestream with FF 4F FF 51. */
function isCodestreamStart(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff) return false;
  return bytes[1] === 0xd8 || (bytes[1] === 0x4f && bytes[2] === 0xff && bytes[3] === 0x51);
}

function extendedOffsets({ dataSet, bytes }: ParsedDicom): readonly number[] | undefined {
  const element = dataSet.elements.x7fe00001;
  if (element === undefined || element.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + element.dataOffset, element.length);
  return Array.from({ length: element.length >>> 3 }, (_, i) => Number(view.getBigUint64(8 * i, true)));
}

function joined(group: readonly Fragment[]): Uint8Array {
  if (group.length === 1) return group[0]!.bytes;
  return new Uint8Array(Buffer.concat(group.map(({ bytes }) => bytes)));
}
