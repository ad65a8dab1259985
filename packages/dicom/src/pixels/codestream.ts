import { ConsiliumError } from '@consilium/errors';

/** What a compressed picture says about itself. */
export interface CodestreamShape {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly bits: number;
  /** Whether the values carry their sign themselves: only JPEG 2000 can say so. */
  readonly isSigned: boolean;
  /** JPEG-LS with a scan for each sample: its decoder gives one plane after another. */
  readonly isPlanar: boolean;
}

/**
 * The size that a codec would make room for, read from the codestream itself: the DICOM header may say another one.
 *
 * Errors   DICOM_CODESTREAM_INVALID.
 * Source   ITU-T T.81 B.2.2 and T.87 C.2.2 (frame header), T.800 A.5.1 (SIZ).
 */
export function shapeOf(stream: Uint8Array, kind: 'jpeg' | 'jpeg-2000'): CodestreamShape {
  const shape = kind === 'jpeg' ? jpegShape(stream) : jpeg2000Shape(stream);
  if (shape === undefined) throw new ConsiliumError('DICOM_CODESTREAM_INVALID', { bytes: stream.length });
  return shape;
}

const JPEG_LS_FRAME = 0xf7;
const SCAN = 0xda;

/** Walks the marker segments up to the frame header (SOF0 to SOF15 without DHT, JPG and DAC; SOF55 of JPEG-LS). */
function jpegShape(stream: Uint8Array): CodestreamShape | undefined {
  if (stream[0] !== 0xff || stream[1] !== 0xd8) return undefined;
  for (let at = 2; at + 4 <= stream.length; ) {
    if (stream[at] !== 0xff) return undefined;
    const marker = stream[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const word = (offset: number) => (stream[at + offset]! << 8) | stream[at + offset + 1]!;
    const isFrame =
      (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === JPEG_LS_FRAME;
    if (isFrame) {
      if (at + 10 > stream.length) return undefined;
      const samples = stream[at + 9]!;
      const isPlanar = marker === JPEG_LS_FRAME && samples > 1 && isScanOfOne(stream, at + 2 + word(2));
      return { bits: stream[at + 4]!, rows: word(5), columns: word(7), samples, isPlanar, isSigned: false };
    }
    if (marker === SCAN || marker === 0xd9) return undefined;
    at += 2 + word(2);
  }
  return undefined;
}

/** Whether the next scan from a marker on holds one sample only. */
function isScanOfOne(stream: Uint8Array, from: number): boolean {
  for (
    let at = from;
    at + 5 <= stream.length && stream[at] === 0xff;
    at += 2 + ((stream[at + 2]! << 8) | stream[at + 3]!)
  )
    if (stream[at + 1] === SCAN) return stream[at + 4] === 1;
  return false;
}

function jpeg2000Shape(stream: Uint8Array): CodestreamShape | undefined {
  const start = codestreamStart(stream);
  if (start === undefined || start + 43 > stream.length) return undefined;
  const view = new DataView(stream.buffer, stream.byteOffset + start, stream.length - start);
  const [width, height, left, top] = [8, 12, 16, 20].map((offset) => view.getUint32(offset));
  const [tileWidth, tileHeight] = [view.getUint32(24), view.getUint32(28)];
  if (width! <= left! || height! <= top! || tileWidth === 0 || tileHeight === 0) return undefined;
  const depth = view.getUint8(42);
  const bits = (depth & 0x7f) + 1;
  const isSigned = depth >= 0x80;
  return {
    columns: width! - left!,
    rows: height! - top!,
    samples: view.getUint16(40),
    bits,
    isSigned,
    isPlanar: false,
  };
}

/**
 * Errors   DICOM_TRUNCATED (a tile-part ends beyond the codestream): the decoder would take it without a word.
 * Source   ITU-T T.800 A.4.2 (SOT).
 */
export function requireWholeTiles(stream: Uint8Array): void {
  const start = codestreamStart(stream) ?? 0;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const markerAt = (at: number) => (at + 2 <= stream.length ? view.getUint16(at) : 0);
  let at = start + 2;
  // The main header: marker segments that say how long they are.
  while (markerAt(at) > 0xff4f && markerAt(at) !== START_OF_TILE && at + 4 <= stream.length)
    at += 2 + view.getUint16(at + 2);
  while (markerAt(at) === START_OF_TILE && at + 12 <= stream.length) {
    const length = view.getUint32(at + 6);
    if (length === 0) return; // it goes on to the end, wherever that is
    at += length;
  }
  if (at > stream.length) throw new ConsiliumError('DICOM_TRUNCATED', { codestreamBytes: stream.length, tileEnd: at });
}

const START_OF_TILE = 0xff90;

/** SOC and SIZ; some writers put the boxes of a JP2 file in front of them. */
function codestreamStart(stream: Uint8Array): number | undefined {
  const isAt = (at: number) =>
    stream[at] === 0xff && stream[at + 1] === 0x4f && stream[at + 2] === 0xff && stream[at + 3] === 0x51;
  if (isAt(0)) return 0;
  const isBoxed = stream[4] === 0x6a && stream[5] === 0x50; // jP
  for (let at = 0; isBoxed && at < Math.min(stream.length, 4096); at++) if (isAt(at)) return at;
  return undefined;
}
