import { ConsiliumError } from '@consilium/errors';

export interface GreyJpeg {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major. */
  readonly grey: Uint8Array;
}

/** Positions of the 64 coefficients in the order of the stream (ITU-T T.81 figure A.6). */
const ZIGZAG = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

/** COSINES[x * 8 + u] = C(u)/2 cos((2x+1)u pi/16): one dimension of the inverse transform (T.81 A.3.3). */
const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const u = i % 8;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * Math.floor(i / 8) + 1) * u * Math.PI) / 16);
});

/** Codes of one Huffman table: for each length the first code, how many, and where its symbols start (T.81 F.2.2.3). */
interface HuffmanTable {
  readonly firstCode: readonly number[];
  readonly counts: readonly number[];
  readonly firstSymbol: readonly number[];
  readonly symbols: Uint8Array;
}

interface Tables {
  readonly quantisation: Map<number, Uint16Array>;
  readonly huffman: Map<number, HuffmanTable>;
  restartInterval: number;
  frame?: { readonly rows: number; readonly columns: number; readonly quantisation: number };
}

/**
 * Decodes a baseline JPEG of one component: what the films of the acceptance pack are. Anything else is refused.
 *
 * Numbers  inverse transform in float64, rounded; may differ by one grey level from integer decoders.
 * Errors   DICOM_UNSUPPORTED (progressive, colour, 12 bits), DICOM_INVALID (not a JPEG, broken stream).
 * Source   ITU-T T.81, annexes B and F.
 */
export function decodeGreyJpeg(bytes: Uint8Array): GreyJpeg {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw broken('not a JPEG');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tables: Tables = { quantisation: new Map(), huffman: new Map(), restartInterval: 0 };
  let offset = 2;
  while (offset + 4 <= bytes.length) {
    if (bytes[offset] !== 0xff) throw broken('no marker');
    const marker = bytes[offset + 1]!;
    const length = view.getUint16(offset + 2);
    const segment = bytes.subarray(offset + 4, offset + 2 + length);
    offset += 2 + length;
    if (offset > bytes.length) throw broken('segment ends too late');
    if (marker === 0xdb) readQuantisation(segment, tables);
    else if (marker === 0xc4) readHuffman(segment, tables);
    else if (marker === 0xdd) tables.restartInterval = (segment[0]! << 8) | segment[1]!;
    else if (marker === 0xc0 || marker === 0xc1) tables.frame = readFrame(segment);
    else if (marker > 0xc1 && marker <= 0xcf) throw unsupported(`process ${marker.toString(16)}`);
    else if (marker === 0xda) return readScan(bytes, offset, segment, tables);
  }
  throw broken('no scan');
}

function broken(what: string): ConsiliumError {
  return new ConsiliumError('DICOM_INVALID', { jpeg: what });
}

function unsupported(what: string): ConsiliumError {
  return new ConsiliumError('DICOM_UNSUPPORTED', { jpeg: what });
}

function readQuantisation(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at < segment.length; ) {
    const head = segment[at++]!;
    const isWide = head >> 4 !== 0;
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) {
      table[ZIGZAG[k]!] = isWide ? (segment[at]! << 8) | segment[at + 1]! : segment[at]!;
      at += isWide ? 2 : 1;
    }
    tables.quantisation.set(head & 15, table);
  }
}

function readHuffman(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const id = segment[at]!;
    const counts = [0, ...segment.subarray(at + 1, at + 17)];
    const firstCode: number[] = [0];
    const firstSymbol: number[] = [0];
    let code = 0;
    let total = 0;
    for (let length = 1; length <= 16; length++) {
      firstCode[length] = code;
      firstSymbol[length] = total;
      code = (code + counts[length]!) << 1;
      total += counts[length]!;
    }
    at += 17 + total;
    tables.huffman.set(id, { firstCode, counts, firstSymbol, symbols: segment.slice(at - total, at) });
  }
}

function readFrame(segment: Uint8Array): NonNullable<Tables['frame']> {
  if (segment[0] !== 8 || segment[5] !== 1) throw unsupported('not 8 bit grey');
  const rows = (segment[1]! << 8) | segment[2]!;
  const columns = (segment[3]! << 8) | segment[4]!;
  if (rows === 0 || columns === 0 || rows * columns > 2 ** 26) throw broken('size');
  return { rows, columns, quantisation: segment[8]! };
}

function readScan(bytes: Uint8Array, start: number, segment: Uint8Array, tables: Tables): GreyJpeg {
  const { frame } = tables;
  if (frame === undefined) throw broken('scan before frame');
  const dc = tables.huffman.get(segment[2]! >> 4);
  const ac = tables.huffman.get(0x10 | (segment[2]! & 15));
  const quantisation = tables.quantisation.get(frame.quantisation);
  if (dc === undefined || ac === undefined || quantisation === undefined) throw broken('missing table');
  const { rows, columns } = frame;
  const grey = new Uint8Array(rows * columns);
  const bits = new BitReader(bytes, start);
  const coefficients = new Float64Array(64);
  const across = Math.ceil(columns / 8);
  const blocks = across * Math.ceil(rows / 8);
  let previousDc = 0;
  for (let block = 0; block < blocks; block++) {
    if (tables.restartInterval > 0 && block > 0 && block % tables.restartInterval === 0) {
      bits.restart();
      previousDc = 0;
    }
    previousDc = readBlock(bits, dc, ac, quantisation, previousDc, coefficients);
    pasteBlock(coefficients, grey, rows, columns, Math.floor(block / across) * 8, (block % across) * 8);
  }
  return { rows, columns, grey };
}

/** Fills `coefficients` and returns the DC value before quantisation, from which the next block's is told. */
function readBlock(
  bits: BitReader,
  dc: HuffmanTable,
  ac: HuffmanTable,
  quantisation: Uint16Array,
  previousDc: number,
  coefficients: Float64Array,
): number {
  coefficients.fill(0);
  const value = previousDc + bits.signed(bits.symbol(dc));
  coefficients[0] = value * quantisation[0]!;
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(ac);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0 && run !== 15) break; // the rest of the block is zero
    k += run;
    if (k > 63) throw broken('run beyond block');
    const position = ZIGZAG[k]!;
    coefficients[position] = bits.signed(size) * quantisation[position]!;
  }
  return value;
}

function pasteBlock(
  coefficients: Float64Array,
  grey: Uint8Array,
  rows: number,
  columns: number,
  top: number,
  left: number,
): void {
  const half = new Float64Array(64);
  for (let v = 0; v < 8; v++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += COSINES[x * 8 + u]! * coefficients[v * 8 + u]!;
      half[v * 8 + x] = sum;
    }
  }
  for (let y = 0; y < 8 && top + y < rows; y++) {
    for (let x = 0; x < 8 && left + x < columns; x++) {
      let sum = 128;
      for (let v = 0; v < 8; v++) sum += COSINES[y * 8 + v]! * half[v * 8 + x]!;
      grey[(top + y) * columns + left + x] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
}

/** Bits of the entropy-coded part; a stuffed zero follows each 0xff (T.81 B.1.1.5). */
class BitReader {
  #buffer = 0;
  #count = 0;
  #offset: number;

  constructor(
    readonly bytes: Uint8Array,
    start: number,
  ) {
    this.#offset = start;
  }

  bit(): number {
    if (this.#count === 0) {
      const byte = this.bytes[this.#offset++];
      if (byte === undefined) throw broken('stream ends too early');
      if (byte === 0xff && this.bytes[this.#offset++] !== 0) throw broken('marker inside the stream');
      this.#buffer = byte;
      this.#count = 8;
    }
    this.#count--;
    return (this.#buffer >> this.#count) & 1;
  }

  symbol(table: HuffmanTable): number {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bit();
      const index = code - table.firstCode[length]!;
      if (index < table.counts[length]!) return table.symbols[table.firstSymbol[length]! + index]!;
    }
    throw broken('no such code');
  }

  /** A number of `size` bits; a leading zero means negative (T.81 F.2.2.1, EXTEND). */
  signed(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 1) | this.bit();
    return size > 0 && value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
  }

  restart(): void {
    this.#count = 0;
    if (this.bytes[this.#offset] !== 0xff || (this.bytes[this.#offset + 1]! & 0xf8) !== 0xd0)
      throw broken('no restart');
    this.#offset += 2;
  }
}
