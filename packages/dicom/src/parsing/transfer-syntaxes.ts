/** How the pixel data of a transfer syntax are written. */
export type Encoding = 'native' | 'rle' | 'deflated-frames' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly uid: string;
  /** As PS3.6 table A-1 calls it, without the words that all of them share. */
  readonly name: string;
  readonly encoding: Encoding;
}

export const TRANSFER_SYNTAX = {
  implicitLittleEndian: '1.2.840.10008.1.2',
  explicitLittleEndian: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  explicitBigEndian: '1.2.840.10008.1.2.2',
} as const;

/** Below 1.2.840.10008.1.2; retired JPEG processes are there because archives still hold them. */
// biome-ignore format: a table
const ROWS: readonly (readonly [string, string, Encoding])[] = [
  ['',       'Implicit VR Little Endian',                      'native'],
  ['.1',     'Explicit VR Little Endian',                      'native'],
  ['.1.99',  'Deflated Explicit VR Little Endian',             'native'],
  ['.2',     'Explicit VR Big Endian',                         'native'],
  ['.4.50',  'JPEG Baseline (Process 1)',                      'jpeg'],
  ['.4.51',  'JPEG Extended (Process 2 & 4)',                  'jpeg'],
  ['.4.53',  'JPEG Spectral Selection (Process 6 & 8)',        'jpeg'],
  ['.4.55',  'JPEG Full Progression (Process 10 & 12)',        'jpeg'],
  ['.4.57',  'JPEG Lossless (Process 14)',                     'jpeg'],
  ['.4.70',  'JPEG Lossless, First-Order Prediction',          'jpeg'],
  ['.4.80',  'JPEG-LS Lossless',                               'jpeg-ls'],
  ['.4.81',  'JPEG-LS Near-Lossless',                          'jpeg-ls'],
  ['.4.90',  'JPEG 2000 (Lossless Only)',                      'jpeg-2000'],
  ['.4.91',  'JPEG 2000',                                      'jpeg-2000'],
  ['.4.201', 'High-Throughput JPEG 2000 (Lossless Only)',      'htj2k'],
  ['.4.202', 'High-Throughput JPEG 2000 RPCL (Lossless Only)', 'htj2k'],
  ['.4.203', 'High-Throughput JPEG 2000',                      'htj2k'],
  ['.5',     'RLE Lossless',                                   'rle'],
  ['.8.1',   'Deflated Image Frame Compression',               'deflated-frames'],
];

const BY_UID: ReadonlyMap<string, TransferSyntax> = new Map(
  ROWS.map(([below, name, encoding]) => [
    `1.2.840.10008.1.2${below}`,
    { uid: `1.2.840.10008.1.2${below}`, name, encoding },
  ]),
);

/** Undefined when it is not one that is read. */
export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return BY_UID.get(uid);
}
