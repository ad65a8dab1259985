import { ConsiliumError } from '@consilium/errors';
import type { Encoding } from '../parsing/transfer-syntaxes.js';
import { type CodestreamShape, requireWholeTiles, shapeOf } from './codestream.js';
import type { PixelFormat } from './pixel-format.js';
import { interleaved, type Pixels, type StoredValues, valuesOf } from './stored-values.js';

export type CodecName = Extract<Encoding, 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k'>;

/** Decoders of compressed pictures. After a DICOM_CODESTREAM_INVALID they may be damaged: throw the thread away. */
export interface Codecs {
  decode(codec: CodecName, stream: Uint8Array, format: PixelFormat): Pixels;
}

let loading: Promise<Codecs> | undefined;

/** Compiles the codecs (WebAssembly) once for this thread. */
export function loadCodecs(): Promise<Codecs> {
  loading ??= load();
  return loading;
}

type Library = typeof import('dcmjs-codecs');

/**
 * What the JPEG decoder says where it goes on with invented values; a few bytes too many between two segments are harmless,
 * and many cameras write them.
 */
const DAMAGE = /Corrupt JPEG data: (premature end|bad Huffman)/;

async function load(): Promise<Codecs> {
  const imported = await import('dcmjs-codecs');
  const library = ((imported as { default?: Library }).default ?? imported) as Library;
  const heard = { isDamaged: false };
  // Nothing of it is printed: it may be text from the file.
  library.log.methodFactory = () => (message) => {
    heard.isDamaged ||= DAMAGE.test(String(message));
  };
  library.log.setLevel('info', false);
  await library.NativeCodecs.initializeAsync({ logCodecsInfo: true });
  return {
    decode: (codec, stream, format) => {
      heard.isDamaged = false;
      const pixels = decodeWith(library, codec, stream, format);
      if (heard.isDamaged) throw new ConsiliumError('DICOM_CODESTREAM_INVALID', { codec, values: 'partly invented' });
      return pixels;
    },
  };
}

function decodeWith(library: Library, codec: CodecName, stream: Uint8Array, format: PixelFormat): Pixels {
  const shape = checkShape(codec, stream, format);
  const context = new library.Context({
    width: format.columns,
    height: format.rows,
    bitsAllocated: Math.max(format.bitsAllocated, 8),
    bitsStored: format.bitsAllocated === 1 ? 8 : format.bitsStored,
    samplesPerPixel: format.samples,
    // The decoder of HTJ2K cuts what is below zero off where it is told that nothing can be.
    pixelRepresentation: (codec === 'htj2k' ? shape.isSigned : format.isSigned) ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: format.photometric,
    encodedBuffer: stream,
  });
  let decoded: InstanceType<Library['Context']>;
  try {
    decoded = run(library, codec, context);
  } catch (thrown) {
    throw new ConsiliumError('DICOM_CODESTREAM_INVALID', { codec }, thrown);
  }
  const stored = valuesFrom(decoded, codec, format, shape);
  const sign = signIn(codec, format, shape);
  return { stored: sign.signBy === undefined ? stored : asHeaderSays(stored, format, shape), ...sign };
}

/** The bits of the codestream as values of the header's kind: what other readers give for a file whose signs disagree. */
function asHeaderSays(
  stored: StoredValues,
  { isSigned, bitsStored }: PixelFormat,
  { bits }: CodestreamShape,
): StoredValues {
  const shift = 32 - (isSigned ? Math.min(bits, bitsStored) : bits);
  return stored.map((value: number) =>
    isSigned ? (value << shift) >> shift : (value << shift) >>> shift,
  ) as StoredValues;
}

/**
 * JPEG and JPEG-LS cannot say whether their values are signed: the header does. JPEG 2000 can. Values that it calls signed are
 * signed, whatever the header says; what it calls unsigned under a header that says signed are the bits of signed values,
 * as some encoders hand them on.
 *
 * Numbers  unsigned values of a lossy codestream are left alone: one that is rounded beyond the stored bits must not begin at zero
 *          again.
 */
function signIn(codec: CodecName, format: PixelFormat, shape: CodestreamShape): Pick<Pixels, 'valid' | 'signBy'> {
  const knowsSign = codec === 'jpeg-2000' || codec === 'htj2k';
  if (knowsSign && shape.isSigned)
    return format.isSigned
      ? { valid: undefined }
      : { valid: { bits: shape.bits, isSigned: true }, signBy: 'codestream' };
  if (!format.isSigned) return { valid: undefined };
  const bits = Math.min(format.bitsStored, shape.bits);
  const valid = bits < format.bitsAllocated ? { bits, isSigned: true } : undefined;
  return knowsSign ? { valid, signBy: 'header' } : { valid };
}

/** The codestream must be of the size that the header was allowed to claim. */
function checkShape(codec: CodecName, stream: Uint8Array, format: PixelFormat): CodestreamShape {
  const kind = codec === 'jpeg' || codec === 'jpeg-ls' ? 'jpeg' : 'jpeg-2000';
  const shape = shapeOf(stream, kind);
  if (kind === 'jpeg-2000') requireWholeTiles(stream);
  const { rows, columns, samples } = format;
  const isSame = shape.rows === rows && shape.columns === columns && shape.samples === samples;
  if (!isSame || shape.bits > Math.max(format.bitsAllocated, 8)) {
    throw new ConsiliumError('DICOM_INVALID', {
      codec,
      rows: shape.rows,
      columns: shape.columns,
      samples: shape.samples,
      bits: shape.bits,
    });
  }
  return shape;
}

function run({ NativeCodecs }: Library, codec: CodecName, context: InstanceType<Library['Context']>) {
  switch (codec) {
    case 'jpeg':
      return NativeCodecs.decodeJpeg(context, { convertColorspaceToRgb: false });
    case 'jpeg-ls':
      return NativeCodecs.decodeJpegLs(context);
    case 'jpeg-2000':
      return NativeCodecs.decodeJpeg2000(context);
    case 'htj2k':
      return NativeCodecs.decodeHtJpeg2000(context);
  }
}

function valuesFrom(
  decoded: InstanceType<Library['Context']>,
  codec: CodecName,
  format: PixelFormat,
  shape: CodestreamShape,
): StoredValues {
  const bytes = decoded.getDecodedBuffer();
  const { rows, columns, samples } = format;
  const roomOf = Math.max(format.bitsAllocated, 8) as PixelFormat['bitsAllocated'];
  // JPEG-LS of at most 8 bits comes out in bytes, whatever the header has room for.
  const bitsAllocated = codec === 'jpeg-ls' && shape.bits <= 8 ? 8 : roomOf;
  const expectedBytes = (rows * columns * samples * bitsAllocated) / 8;
  const isRight = bytes !== undefined && bytes.length - expectedBytes >= 0 && bytes.length - expectedBytes <= 1;
  if (!isRight) {
    throw new ConsiliumError('DICOM_CODESTREAM_INVALID', { codec, decodedBytes: bytes?.length ?? 0, expectedBytes });
  }
  const plain = {
    ...format,
    bitsAllocated,
    bitsStored: bitsAllocated,
    highBit: bitsAllocated - 1,
    hasEmbeddedOverlay: false,
  };
  const narrow = valuesOf(bytes.subarray(0, expectedBytes), plain);
  const values = bitsAllocated === roomOf ? narrow : widened(narrow, format);
  return shape.isPlanar ? interleaved(values, format) : values;
}

/** Bytes as values of the header's width. */
function widened(values: StoredValues, { bitsAllocated, isSigned }: PixelFormat): StoredValues {
  if (bitsAllocated === 16) return isSigned ? Int16Array.from(values) : Uint16Array.from(values);
  return isSigned ? Int32Array.from(values) : Uint32Array.from(values);
}
