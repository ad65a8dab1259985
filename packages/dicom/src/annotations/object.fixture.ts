import { type AnnotatedImage, type Annotations, readAnnotations } from '../index.js';

/** Elements by tag (8 hexadecimal digits) and VR, such as `00080060 CS`; items of a sequence are a list. */
export interface ObjectElements {
  readonly [tagAndVr: string]: string | number | Uint8Array | readonly ObjectElements[];
}

const STORAGE = '1.2.840.10008.5.1.4.1.1.';
export const SEG = `${STORAGE}66.4`;
export const RTSTRUCT = `${STORAGE}481.3`;
export const SR = `${STORAGE}88.33`;

/** A Part 10 file, explicit VR little endian, of exactly these elements: as wrong as they are. */
export function objectFile(
  sopClassUid: string,
  elements: ObjectElements,
  transferSyntaxUid = '1.2.840.10008.1.2.1',
): Uint8Array {
  const meta = encode({ '00020010 UI': transferSyntaxUid });
  const length = encode({ '00020000 UL': meta.length });
  const preamble = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]);
  return Buffer.concat([preamble, length, meta, encode({ '00080016 UI': sopClassUid, ...elements })]);
}

export function readObject(sopClassUid: string, elements: ObjectElements): Annotations {
  return readAnnotations(objectFile(sopClassUid, elements))!;
}

function encode(elements: ObjectElements): Buffer {
  return Buffer.concat(
    Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => encodeElement(key.slice(0, 8), key.slice(9), value)),
  );
}

function encodeElement(tag: string, vr: string, value: ObjectElements[string]): Buffer {
  const bytes = valueBytes(vr, value);
  const isLong = ['SQ', 'OB', 'OW', 'UT'].includes(vr);
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function valueBytes(vr: string, value: ObjectElements[string]): Buffer {
  if (Array.isArray(value)) return Buffer.concat(value.map(item));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(vr === 'US' ? 2 : 4);
    if (vr === 'US') bytes.writeUInt16LE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  }
  const plain = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value as Uint8Array);
  return plain.length % 2 === 0 ? plain : Buffer.concat([plain, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')]);
}

function item(elements: ObjectElements): Buffer {
  const bytes = encode(elements);
  const head = Buffer.from('feff00e000000000', 'hex');
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

export const FRAME_OF_REFERENCE = '1.2.7';

/** A picture of 2 x 3 pixels in an axial plane at `zMm`. */
export function imageAt(zMm: number, changes: Partial<AnnotatedImage> = {}): AnnotatedImage {
  return {
    sopInstanceUid: '1.2.3',
    studyInstanceUid: '1.2',
    frame: 1,
    frameCount: 1,
    sliceGapMm: undefined,
    rows: 2,
    columns: 3,
    frameOfReferenceUid: FRAME_OF_REFERENCE,
    plane: { positionMm: [10, 20, zMm], orientation: [1, 0, 0, 0, 1, 0], spacingMm: { row: 2, column: 1.5 } },
    ...changes,
  };
}

export function code(value: string, meaning = value, scheme = 'DCM'): readonly ObjectElements[] {
  return [{ '00080100 SH': value, '00080102 SH': scheme, '00080104 LO': meaning }];
}
