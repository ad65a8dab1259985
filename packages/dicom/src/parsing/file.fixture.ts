import { TRANSFER_SYNTAX } from './transfer-syntaxes.js';

export type TestValue = string | number | Uint8Array | readonly (readonly TestElement[])[];
/** Group and element as a number, VR, value: numbers are US, lists of elements are the items of a sequence. */
export type TestElement = readonly [tag: number, vr: string, value: TestValue];

const LONG = new Set(['OB', 'OW', 'OF', 'OD', 'OV', 'SQ', 'UN', 'UT']);

/** A file of these elements, in the byte order of its transfer syntax; nothing is checked, so that it may be wrong. */
export function dicomFile(
  elements: readonly TestElement[],
  uid: string = TRANSFER_SYNTAX.explicitLittleEndian,
): Buffer {
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128);
  const isBig = uid === TRANSFER_SYNTAX.explicitBigEndian;
  return Buffer.concat([preamble, encode([[0x00020010, 'UI', uid]], false), encode(elements, isBig)]);
}

/** Encapsulated pixel data: an offset table, then the fragments. */
export function encapsulated(fragments: readonly Uint8Array[], offsets: readonly number[] = []): Buffer {
  const table = Buffer.alloc(4 * offsets.length);
  offsets.forEach((offset, i) => {
    table.writeUInt32LE(offset, 4 * i);
  });
  const parts = [table, ...fragments].flatMap((bytes) => [itemHead(0xe000, bytes.length), bytes]);
  const head = Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 255, 255, 255, 255]);
  return Buffer.concat([head, ...parts, itemHead(0xe0dd, 0)]);
}

function itemHead(element: number, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0xfffe, 0);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(length, 4);
  return head;
}

function encode(elements: readonly TestElement[], isBig: boolean): Buffer {
  return Buffer.concat(elements.flatMap((element) => encodeOne(element, isBig)));
}

function encodeOne([tag, vr, value]: TestElement, isBig: boolean): Buffer[] {
  const bytes = bytesOf(value, vr, isBig);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  const write16 = (n: number, at: number) => (isBig ? head.writeUInt16BE(n, at) : head.writeUInt16LE(n, at));
  write16(tag >>> 16, 0);
  write16(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (!LONG.has(vr)) write16(bytes.length, 6);
  else if (isBig) head.writeUInt32BE(bytes.length, 8);
  else head.writeUInt32LE(bytes.length, 8);
  return [head, bytes];
}

function bytesOf(value: TestValue, vr: string, isBig: boolean): Buffer {
  if (typeof value === 'number')
    return isBig ? Buffer.from([value >>> 8, value & 255]) : Buffer.from([value & 255, (value >>> 8) & 255]);
  if (typeof value === 'string')
    return Buffer.from(value.length % 2 ? value + (vr === 'UI' ? '\0' : ' ') : value, 'latin1');
  if (value instanceof Uint8Array) return Buffer.from(value.length % 2 ? [...value, 0] : value);
  return Buffer.concat(
    value.flatMap((item) => {
      const inside = encode(item, isBig);
      return [itemHead(0xe000, inside.length), inside];
    }),
  );
}

export interface TestPicture {
  readonly rows: number;
  readonly columns: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly frames?: number;
  readonly isPlanar?: boolean;
  readonly bits: readonly [allocated: number, stored: number, highBit: number];
  readonly isSigned?: boolean;
}

/** The elements of the image pixel module. */
export function pictureElements(picture: TestPicture): TestElement[] {
  const { rows, columns, samples = 1, photometric = 'MONOCHROME2', frames, bits, isSigned, isPlanar } = picture;
  return [
    [0x00280002, 'US', samples],
    [0x00280004, 'CS', photometric],
    ...(samples > 1 ? ([[0x00280006, 'US', isPlanar ? 1 : 0]] as const) : []),
    ...(frames === undefined ? [] : ([[0x00280008, 'IS', String(frames)]] as const)),
    [0x00280010, 'US', rows],
    [0x00280011, 'US', columns],
    [0x00280100, 'US', bits[0]],
    [0x00280101, 'US', bits[1]],
    [0x00280102, 'US', bits[2]],
    [0x00280103, 'US', isSigned ? 1 : 0],
  ];
}
