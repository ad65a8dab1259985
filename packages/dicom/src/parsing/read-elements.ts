import { inflateRawSync } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import { DICOM_LIMITS } from './parse.js';
import { TRANSFER_SYNTAX } from './transfer-syntaxes.js';
import { vrOf } from './vr-dictionary.js';

interface Tagged {
  /** Group in the upper 16 bits, element in the lower. */
  readonly tag: number;
  /** Two capital letters; of an implicit file, what the standard's dictionary says, else UN. */
  readonly vr: string;
}

/** One element. Values are little-endian whatever the file was, as they stand in it, padding included. */
export type DicomElement =
  | (Tagged & { readonly kind: 'value'; readonly value: Uint8Array })
  | (Tagged & { readonly kind: 'sequence'; readonly items: readonly DicomElements[] })
  /** Encapsulated pixel data: the basic offset table (may be empty), then the fragments. */
  | (Tagged & { readonly kind: 'fragments'; readonly fragments: readonly Uint8Array[] });

export type DicomElements = readonly DicomElement[];

/** Everything of a file but its preamble: the file meta information (group 0002), and the data set. */
export interface DicomTree {
  readonly transferSyntaxUid: string;
  readonly meta: DicomElements;
  readonly elements: DicomElements;
}

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
const PIXEL_REPRESENTATION = 0x00280103;
const DEPTH_AT_MOST = 64;
/** At all levels together; each is an object in memory, and takes eight bytes of a hostile file. */
const ELEMENTS_AT_MOST = 2 ** 20;

/** VR -> bytes of one number, for swapping; 0 for texts and bytes. */
const WORD_BYTES: Readonly<Record<string, number>> = {
  ...{ AT: 2, OW: 2, SS: 2, US: 2, FL: 4, OF: 4, OL: 4, SL: 4, UL: 4, FD: 8, OD: 8, OV: 8, SV: 8, UV: 8 },
  ...{ AE: 0, AS: 0, CS: 0, DA: 0, DS: 0, DT: 0, IS: 0, LO: 0, LT: 0, OB: 0, PN: 0, SH: 0, SQ: 0, ST: 0, TM: 0 },
  ...{ UC: 0, UI: 0, UN: 0, UR: 0, UT: 0 },
};

/** VRs whose explicit form has two reserved bytes and a length of 32 bits. */
export const LONG_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '));

/**
 * Reads every element of a file, with or without preamble and meta information, at every nesting level: private ones, those after the pixel data, and sequences
 * that hide in the VR UN.
 *
 * Errors   DICOM_NOT_DICOM, DICOM_TRUNCATED (a length beyond the end), DICOM_INVALID (unknown VR, more than 64 levels, ...),
 *          DICOM_TOO_LARGE (more than a million elements).
 * Source   DICOM PS3.10 section 7, PS3.5 sections 6.2.2, 7 and A.
 */
export function readElements(bytes: Uint8Array): DicomTree {
  const { meta, end } = readMetaOf(bytes);
  const transferSyntaxUid = transferSyntaxOf(meta);
  const isBigEndian = transferSyntaxUid === TRANSFER_SYNTAX.explicitBigEndian;
  const isDeflated = transferSyntaxUid === TRANSFER_SYNTAX.deflated;
  const body = isDeflated ? inflated(bytes.subarray(end)) : bytes;
  const from = isDeflated ? 0 : end;
  // Some compressed files are implicit against their own word; what stands where the first VR should be tells.
  const isImplicit =
    transferSyntaxUid === TRANSFER_SYNTAX.implicitLittleEndian || !(vrAt(body, from + 4) in WORD_BYTES);
  const reader = new ElementReader(body, from, { isImplicit, isBigEndian });
  return { transferSyntaxUid, meta, elements: reader.readDataSet(body.length, 0) };
}

/**
 * The file meta information after the preamble; of a file without a preamble, that at its start, or none: then the data
 * set begins there, in little endian, and in explicit VR if its first element has one.
 */
function readMetaOf(bytes: Uint8Array): { meta: DicomElements; end: number } {
  const isPart10 = bytes.length > 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';
  const reader = new ElementReader(bytes, isPart10 ? 132 : 0, { isImplicit: false, isBigEndian: false });
  const meta = isPart10 || bytes[0] === 2 ? reader.readMeta() : [];
  if (meta.length > 0) return { meta, end: reader.position };
  // A data set without meta information begins with group 0008, and never as late as its element 0100.
  if (bytes.length < 16 || bytes[0] !== 8 || bytes[1] !== 0 || bytes[3] !== 0)
    throw new ConsiliumError('DICOM_NOT_DICOM', { bytes: bytes.length });
  return { meta, end: 0 };
}

function transferSyntaxOf(meta: DicomElements): string {
  if (meta.length === 0) return TRANSFER_SYNTAX.explicitLittleEndian;
  const element = meta.find(({ tag }) => tag === 0x00020010);
  if (element?.kind !== 'value') throw new ConsiliumError('DICOM_INVALID', { missing: 'transfer syntax' });
  const text = Buffer.from(element.value.subarray(0, 64)).toString('latin1');
  return text.replace(/[\0 ]+$/, '').replace(/[^0-9.]/g, '?');
}

function inflated(deflated: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(deflated, { maxOutputLength: DICOM_LIMITS.inflatedBytes });
  } catch (thrown) {
    throw new ConsiliumError('DICOM_INVALID', { deflatedBytes: deflated.length }, thrown);
  }
}

interface Encoding {
  readonly isImplicit: boolean;
  readonly isBigEndian: boolean;
}

interface ElementHead extends Tagged {
  readonly length: number;
}

class ElementReader {
  private readonly view: DataView;
  private isSigned = false;
  private paddingFrom: number | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
    private readonly encoding: Encoding,
    private readonly count = { elements: 0 },
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Group 0002, as far as it goes: its own length is often wrong. */
  readMeta(): DicomElement[] {
    const meta: DicomElement[] = [];
    while (this.position + 8 <= this.bytes.length && this.view.getUint16(this.position, true) === 2)
      meta.push(this.readElement(this.bytes.length, 0));
    return meta;
  }

  /** Up to `end`, or, of an item without a length, up to its delimiter. */
  readDataSet(end: number, depth: number, isDelimited = false): DicomElement[] {
    if (depth > DEPTH_AT_MOST) throw new ConsiliumError('DICOM_INVALID', { depthMore: DEPTH_AT_MOST });
    const elements: DicomElement[] = [];
    while (this.position < end) {
      if (isDelimited && this.peekTag(end) === ITEM_END) {
        this.skip(8, end);
        return elements;
      }
      if (depth === 0 && this.isOnlyZeroes()) return elements;
      elements.push(this.readElement(end, depth));
      if (++this.count.elements > ELEMENTS_AT_MOST)
        throw new ConsiliumError('DICOM_TOO_LARGE', { elementsMore: ELEMENTS_AT_MOST });
    }
    if (isDelimited) throw this.truncated(0);
    return elements;
  }

  private readElement(end: number, depth: number): DicomElement {
    const head = this.encoding.isImplicit ? this.implicitHead(end) : this.explicitHead(end);
    const { tag, vr, length } = head;
    if (length === UNDEFINED_LENGTH) return this.readUndefined(head, end, depth);
    if (length > end - this.position) throw this.truncated(tag);
    const from = this.position;
    const to = from + length;
    if (vr === 'SQ') return { tag, vr, kind: 'sequence', items: this.readItems(to, depth + 1, false) };
    if (vr === 'UN') return this.readUnknown(tag, to, depth);
    this.position = to;
    const value = this.littleEndian(this.bytes.subarray(from, to), vr);
    if (tag === PIXEL_REPRESENTATION && value.length === 2) this.isSigned = value[0] === 1;
    return { tag, vr, kind: 'value', value };
  }

  private readUndefined({ tag, vr }: ElementHead, end: number, depth: number): DicomElement {
    if (vr === 'OB' || vr === 'OW') return { tag, vr: 'OB', kind: 'fragments', fragments: this.readFragments(end) };
    if (vr === 'SQ') return { tag, vr, kind: 'sequence', items: this.readItems(end, depth + 1, true) };
    if (vr !== 'UN') throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), length: 'undefined' });
    const items = this.inside(end, { isImplicit: true, isBigEndian: false }, (r) => r.readItems(end, depth + 1, true));
    return { tag, vr: 'SQ', kind: 'sequence', items };
  }

  /** UN of known length: what the dictionary knows is read as that; what looks like a sequence, as a sequence. */
  private readUnknown(tag: number, to: number, depth: number): DicomElement {
    const from = this.position;
    const vr = vrOf(tag, this.isSigned);
    if (vr === 'SQ' || (vr === undefined && this.peekTag(to, true) === ITEM)) {
      try {
        const encoding = { isImplicit: true, isBigEndian: false };
        const items = this.inside(to, encoding, (r) => r.readItems(to, depth + 1, false));
        return { tag, vr: 'SQ', kind: 'sequence', items };
      } catch (thrown) {
        if (!(thrown instanceof ConsiliumError) || depth + 1 >= DEPTH_AT_MOST) throw thrown;
      }
    }
    this.position = to;
    return { tag, vr: vr === 'SQ' ? 'UN' : (vr ?? 'UN'), kind: 'value', value: this.bytes.subarray(from, to) };
  }

  private readItems(end: number, depth: number, isDelimited: boolean): DicomElement[][] {
    const items: DicomElement[][] = [];
    while (this.position < end) {
      const { tag, length } = this.itemHead(end);
      if (tag === SEQUENCE_END && isDelimited) return items;
      if (tag !== ITEM) throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), expected: 'item' });
      if (length === UNDEFINED_LENGTH) items.push(this.readDataSet(end, depth, true));
      else if (length > end - this.position) throw this.truncated(tag);
      else items.push(this.readDataSet(this.position + length, depth));
    }
    if (isDelimited) throw this.truncated(0);
    return items;
  }

  private readFragments(end: number): Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (;;) {
      const { tag, length } = this.itemHead(end);
      if (tag === SEQUENCE_END) return fragments;
      if (tag !== ITEM) throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), expected: 'fragment' });
      if (length > end - this.position) throw this.truncated(tag);
      fragments.push(this.bytes.subarray(this.position, this.position + length));
      this.position += length;
    }
  }

  /** Reads on from here with another encoding. */
  private inside<T>(end: number, encoding: Encoding, read: (reader: ElementReader) => T): T {
    const reader = new ElementReader(this.bytes.subarray(0, end), this.position, encoding, this.count);
    reader.isSigned = this.isSigned;
    const result = read(reader);
    this.position = reader.position;
    return result;
  }

  private explicitHead(end: number): ElementHead {
    const tag = this.readTag(end);
    const at = this.skip(2, end);
    const vr = vrAt(this.bytes, at);
    if (!(vr in WORD_BYTES)) throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), vr: 'unknown' });
    if (!LONG_VRS.has(vr)) return { tag, vr, length: this.view.getUint16(this.skip(2, end), this.isLittle) };
    this.skip(2, end);
    return { tag, vr, length: this.view.getUint32(this.skip(4, end), this.isLittle) };
  }

  private implicitHead(end: number): ElementHead {
    const tag = this.readTag(end);
    const length = this.view.getUint32(this.skip(4, end), this.isLittle);
    const vr = vrOf(tag, this.isSigned) ?? 'UN';
    const isFragments = tag === 0x7fe00010;
    const isSequence = length === UNDEFINED_LENGTH && !isFragments;
    return { tag, vr: isSequence ? 'SQ' : vr, length };
  }

  private itemHead(end: number): { tag: number; length: number } {
    return { tag: this.readTag(end), length: this.view.getUint32(this.skip(4, end), this.isLittle) };
  }

  private readTag(end: number): number {
    const at = this.skip(4, end);
    return (this.view.getUint16(at, this.isLittle) * 0x10000 + this.view.getUint16(at + 2, this.isLittle)) >>> 0;
  }

  private peekTag(end: number, isLittle = this.isLittle): number | undefined {
    if (end - this.position < 8) return undefined;
    const group = this.view.getUint16(this.position, isLittle);
    return (group * 0x10000 + this.view.getUint16(this.position + 2, isLittle)) >>> 0;
  }

  private get isLittle(): boolean {
    return !this.encoding.isBigEndian;
  }

  /** Steps over some bytes and says where they began. */
  private skip(count: number, end: number): number {
    if (count > end - this.position) throw this.truncated(0);
    this.position += count;
    return this.position - count;
  }

  /** Looked for once: a file may be full of zeroes that something else follows. */
  private isOnlyZeroes(): boolean {
    this.paddingFrom ??= this.bytes.findLastIndex((byte) => byte !== 0) + 1;
    return this.position >= this.paddingFrom;
  }

  private littleEndian(value: Uint8Array, vr: string): Uint8Array {
    const size = WORD_BYTES[vr]!;
    if (this.isLittle || size === 0) return value;
    if (value.length % size !== 0) throw new ConsiliumError('DICOM_INVALID', { vr, bytes: value.length });
    const swapped = Buffer.from(value);
    if (size === 2) return swapped.swap16();
    return size === 4 ? swapped.swap32() : swapped.swap64();
  }

  private truncated(tag: number): ConsiliumError {
    return new ConsiliumError('DICOM_TRUNCATED', { tag: hex(tag), bytes: this.bytes.length });
  }
}

function vrAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0);
}

function hex(tag: number): string {
  return tag.toString(16).padStart(8, '0');
}
