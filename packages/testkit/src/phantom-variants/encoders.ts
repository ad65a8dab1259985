/** A frame as the encoders want it: little-endian stored values, row-major. */
export interface PlainFrame {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly isSigned: boolean;
  readonly bytes: Uint8Array;
}

/** How a frame is compressed, and what the standard calls the result. */
export interface FrameEncoding {
  readonly name: string;
  readonly transferSyntaxUid: string;
  readonly isLossless: boolean;
  /** Named in the header of a lossy picture (PS3.3 C.7.6.1.1.5.1). */
  readonly method?: string;
  readonly encode: (frame: PlainFrame) => Uint8Array;
}

type Library = typeof import('dcmjs-codecs');
type Context = InstanceType<Library['Context']>;

/** All encoders of the codec library, each as its transfer syntax; it is compiled at the first call. */
export async function loadEncodings(): Promise<readonly FrameEncoding[]> {
  const imported = await import('dcmjs-codecs');
  const library = ((imported as { default?: Library }).default ?? imported) as Library;
  library.log.setLevel('silent');
  if (!library.NativeCodecs.isInitialized()) await library.NativeCodecs.initializeAsync();
  return encodingsOf(library);
}

function encodingsOf({ Context, NativeCodecs: codecs, constants }: Library): readonly FrameEncoding[] {
  const { Rpcl, Lrcp } = constants.Jpeg2000ProgressionOrder;
  const make = (name: string, suffix: string, run: (context: Context) => Context, method?: string): FrameEncoding => ({
    name,
    transferSyntaxUid: `1.2.840.10008.1.2.${suffix}`,
    isLossless: method === undefined,
    ...(method === undefined ? {} : { method }),
    encode: (frame) => run(contextOf(Context, frame)).getEncodedBuffer()!,
  });
  return [
    make('rle', '5', (c) => codecs.encodeRle(c)),
    make('jpeg-baseline', '4.50', (c) => codecs.encodeJpeg(c, { lossy: true, quality: 92 }), 'ISO_10918_1'),
    make('jpeg-lossless-57', '4.57', (c) => codecs.encodeJpeg(c, { lossy: false, predictor: 6, pointTransform: 0 })),
    make('jpeg-lossless-70', '4.70', (c) => codecs.encodeJpeg(c, { lossy: false, predictor: 1, pointTransform: 0 })),
    make('jpeg-ls', '4.80', (c) => codecs.encodeJpegLs(c, { lossy: false })),
    make('jpeg-ls-near', '4.81', (c) => codecs.encodeJpegLs(c, { lossy: true, allowedLossyError: 3 }), 'ISO_14495_1'),
    make('jpeg-2000', '4.90', (c) => codecs.encodeJpeg2000(c, { lossy: false, progressionOrder: Lrcp })),
    make('jpeg-2000-lossy', '4.91', (c) => codecs.encodeJpeg2000(c, { lossy: true, rate: 8 }), 'ISO_15444_1'),
    make('htj2k', '4.201', (c) => codecs.encodeHtJpeg2000(c, { lossy: false, progressionOrder: Lrcp })),
    make('htj2k-rpcl', '4.202', (c) => codecs.encodeHtJpeg2000(c, { lossy: false, progressionOrder: Rpcl })),
    make('htj2k-lossy', '4.203', (c) => codecs.encodeHtJpeg2000(c, { lossy: true }), 'ISO_15444_15'),
  ];
}

function contextOf(Context: Library['Context'], frame: PlainFrame): Context {
  return new Context({
    width: frame.columns,
    height: frame.rows,
    bitsAllocated: frame.bitsAllocated,
    bitsStored: frame.bitsStored,
    samplesPerPixel: 1,
    pixelRepresentation: frame.isSigned ? 1 : 0,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: frame.bytes,
  });
}
