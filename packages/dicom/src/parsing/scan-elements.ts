import { ConsiliumError } from '@consilium/errors';
import dicomParser, { type ByteArrayParser, type DataSet, type Element } from 'dicom-parser';

export interface ElementEncoding {
  readonly isImplicit: boolean;
  readonly isBigEndian: boolean;
}

export interface ScanLimits {
  /** Everything up to the pixel data lies before it. */
  readonly headerBytes: number;
  /** Elements of the data set itself, without those of its sequences. */
  readonly elements: number;
  readonly depth: number;
}

export const PIXEL_DATA = 0x7fe00010;
export const FLOAT_PIXEL_DATA = 0x7fe00008;
export const DOUBLE_PIXEL_DATA = 0x7fe00009;

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;

/** VRs whose explicit form has two reserved bytes and a length of 32 bits, as the number that their letters make. */
const LONG_VRS: ReadonlySet<number> = new Set(
  'OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' ').map((vr) => (vr.charCodeAt(0) << 8) | vr.charCodeAt(1)),
);

/**
 * The elements of a data set up to its pixel data, each with its place in `bytes`. The items of a sequence with a length
 * are not looked at before somebody asks for them.
 *
 * Errors   DICOM_TRUNCATED (an end beyond the bytes), DICOM_INVALID (beyond the limits, no item where one must be).
 * Source   DICOM PS3.5 section 7.
 */
export function scanElements(bytes: Uint8Array, from: number, encoding: ElementEncoding, limits: ScanLimits): DataSet {
  const end = Math.min(bytes.length, from + limits.headerBytes);
  const scan = new Scan(bytes, encoding, limits);
  return scan.readDataSet(from, end, 0, false).dataSet;
}

class Scan {
  private readonly view: DataView;
  private readonly isLittle: boolean;
  private readonly isImplicit: boolean;
  private readonly parser: ByteArrayParser;

  constructor(
    private readonly bytes: Uint8Array,
    encoding: ElementEncoding,
    private readonly limits: ScanLimits,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.isImplicit = encoding.isImplicit;
    this.isLittle = !encoding.isBigEndian;
    this.parser = encoding.isBigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  }

  /** Up to `end`, to the pixel data, or, of an item without a length, to its delimiter. */
  readDataSet(from: number, end: number, depth: number, isDelimited: boolean): { dataSet: DataSet; next: number } {
    if (depth > this.limits.depth) throw new ConsiliumError('DICOM_INVALID', { depthMore: this.limits.depth });
    const elements: Record<string, Element> = {};
    let count = 0;
    let at = from;
    while (at < end) {
      if (isDelimited && at + 8 <= end && this.tagAt(at) === ITEM_END) {
        return { dataSet: this.dataSetOf(elements), next: at + 8 };
      }
      const element = this.readElement(at, end, depth);
      elements[element.tag] = element;
      if (depth === 0 && isPixelData(element.number)) return { dataSet: this.dataSetOf(elements), next: end };
      if (depth === 0 && ++count > this.limits.elements) {
        throw new ConsiliumError('DICOM_INVALID', { elementsMore: this.limits.elements });
      }
      at = element.next;
    }
    if (isDelimited) throw this.beyond(end);
    return { dataSet: this.dataSetOf(elements), next: end };
  }

  private readElement(at: number, end: number, depth: number): ScannedElement {
    if (at + 8 > end) throw this.beyond(at + 8);
    const { view, isLittle } = this;
    const tag = this.tagAt(at);
    let vr = '';
    let dataOffset = at + 8;
    let length: number;
    if (this.isImplicit) length = view.getUint32(at + 4, isLittle);
    else {
      const letters = view.getUint16(at + 4);
      vr = String.fromCharCode(letters >>> 8, letters & 255);
      if (LONG_VRS.has(letters)) {
        if (at + 12 > end) throw this.beyond(at + 12);
        length = view.getUint32(at + 8, isLittle);
        dataOffset = at + 12;
      } else length = view.getUint16(at + 6, isLittle);
    }
    const element = new ScannedElement(tag, vr, length, dataOffset);
    if (depth === 0 && isPixelData(tag)) {
      if (length === UNDEFINED_LENGTH) element.hadUndefinedLength = true;
    } else if (length === UNDEFINED_LENGTH) this.readUndefined(element, end, depth);
    else {
      element.next = dataOffset + length;
      if (element.next > end) throw this.beyond(element.next);
      if (this.isSequence(element))
        element.itemsLater = () => this.readItems(dataOffset, element.next, depth + 1).items;
    }
    return element;
  }

  /** A sequence up to its delimiter (of unknown kind it is implicit, PS3.5 6.2.2), or the fragments of an icon. */
  private readUndefined(element: ScannedElement, end: number, depth: number): void {
    element.hadUndefinedLength = true;
    const { vr, dataOffset } = element;
    if (vr === 'OB' || vr === 'OW' || element.number === PIXEL_DATA)
      element.next = this.endOfFragments(dataOffset, end);
    else {
      const isImplicit = this.isImplicit || vr === 'UN';
      const scan =
        isImplicit === this.isImplicit ? this : new Scan(this.bytes, { isImplicit, isBigEndian: false }, this.limits);
      const { items, next } = scan.readItems(dataOffset, end, depth + 1, true);
      element.itemsLater = () => items;
      element.next = next;
    }
    element.length = element.next - dataOffset;
  }

  /** Without VR a sequence shows by its first item; private ones with a length are nobody's to read. */
  private isSequence({ vr, number, length, dataOffset }: ScannedElement): boolean {
    if (!this.isImplicit) return vr === 'SQ';
    const isPrivate = ((number >>> 16) & 1) === 1;
    return !isPrivate && length >= 8 && this.tagAt(dataOffset) === ITEM;
  }

  private readItems(from: number, end: number, depth: number, isDelimited = false): { items: Element[]; next: number } {
    const items: Element[] = [];
    let at = from;
    while (at < end) {
      if (at + 8 > end) throw this.beyond(at + 8);
      const tag = this.tagAt(at);
      const length = this.view.getUint32(at + 4, this.isLittle);
      if (tag === SEQUENCE_END && isDelimited) return { items, next: at + 8 };
      if (tag !== ITEM) throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), expected: 'item' });
      const isOpen = length === UNDEFINED_LENGTH;
      const to = isOpen ? end : at + 8 + length;
      if (to > end) throw this.beyond(to);
      const { dataSet, next } = this.readDataSet(at + 8, to, depth, isOpen);
      items.push({ tag: 'xfffee000', length: next - at - 8, dataOffset: at + 8, dataSet });
      at = next;
    }
    if (isDelimited) throw this.beyond(end);
    return { items, next: end };
  }

  private endOfFragments(from: number, end: number): number {
    let at = from;
    for (;;) {
      if (at + 8 > end) throw this.beyond(at + 8);
      const tag = this.tagAt(at);
      if (tag === SEQUENCE_END) return at + 8;
      if (tag !== ITEM) throw new ConsiliumError('DICOM_INVALID', { tag: hex(tag), expected: 'fragment' });
      at += 8 + this.view.getUint32(at + 4, this.isLittle);
    }
  }

  private dataSetOf(elements: Record<string, Element>): DataSet {
    return new DataSetOfParser(this.parser, this.bytes, elements);
  }

  private tagAt(at: number): number {
    const { view, isLittle } = this;
    return (view.getUint16(at, isLittle) * 0x10000 + view.getUint16(at + 2, isLittle)) >>> 0;
  }

  /** Whether it is the file that ends too early, or the part of it that a header may take. */
  private beyond(position: number): ConsiliumError {
    if (position > this.bytes.length || this.bytes.length <= this.limits.headerBytes) {
      return new ConsiliumError('DICOM_TRUNCATED', { bytes: this.bytes.length });
    }
    return new ConsiliumError('DICOM_INVALID', { headerBytesMore: this.limits.headerBytes });
  }
}

/** dicom-parser's own class, which its types give as an interface only. */
const DataSetOfParser = (
  dicomParser as unknown as {
    DataSet: new (parser: ByteArrayParser, bytes: Uint8Array, elements: Record<string, Element>) => DataSet;
  }
).DataSet;

class ScannedElement implements Element {
  readonly tag: string;
  hadUndefinedLength = false;
  next = 0;
  itemsLater: (() => Element[]) | undefined;
  private itemsRead: Element[] | undefined;

  constructor(
    readonly number: number,
    /** Empty where the file does not say. */
    readonly vr: string,
    public length: number,
    readonly dataOffset: number,
  ) {
    this.tag = tagName(number);
  }

  get items(): Element[] {
    this.itemsRead ??= this.itemsLater?.();
    return this.itemsRead as Element[];
  }
}

function isPixelData(tag: number): boolean {
  return tag === PIXEL_DATA || tag === FLOAT_PIXEL_DATA || tag === DOUBLE_PIXEL_DATA;
}

/** The names of the tags that files really have; a hostile file may not fill the memory with others. */
const NAMES = new Map<number, string>();
const NAMES_LIMIT = 8192;

function tagName(tag: number): string {
  const known = NAMES.get(tag);
  if (known !== undefined) return known;
  const name = `x${hex(tag)}`;
  if (NAMES.size < NAMES_LIMIT) NAMES.set(tag, name);
  return name;
}

function hex(tag: number): string {
  return tag.toString(16).padStart(8, '0');
}
