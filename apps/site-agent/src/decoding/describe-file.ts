import { createHash } from 'node:crypto';
import {
  type Codecs,
  greyWithRemarks,
  openImage,
  type PictureRemark,
  type StoredValues,
  toSmallGrey,
  transferSyntaxOf,
} from '@consilium/dicom';

/** What the reader makes of a file, without a word of its header but the modality. */
export interface FileDescription {
  readonly transferSyntaxUid: string;
  readonly transferSyntax: string;
  readonly modality: string;
  /** [frames, rows, columns, samples]; without the first where there is one frame, without the last where there is one. */
  readonly shape: readonly number[];
  readonly type: string;
  readonly photometric: string;
  /** Of the stored values: little endian, C order, before rescale, tables and colour conversion. */
  readonly storedSha256: string;
  /** How the values of any frame came about, where a person should know. */
  readonly remarks: readonly PictureRemark[];
}

/** One frame as a model would see it: modality values, bigger is brighter. */
export interface ShownPicture {
  readonly frame: number;
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
}

/** The first frames, each made smaller by the whole factor that leaves its longer side at least `side` pixels. */
export interface WantedPictures {
  readonly count: number;
  /** Undefined for pictures in their own size. */
  readonly side: number | undefined;
}

/** Errors  those of `readImage`. */
export function describeFile(
  bytes: Uint8Array,
  codecs: Codecs,
  pictures: WantedPictures,
): { readonly description: FileDescription; readonly pictures: readonly ShownPicture[] } {
  const open = openImage(bytes, codecs);
  const { frames, rows, columns, samples } = open.format;
  const factor = Math.max(Math.floor(Math.max(rows, columns) / (pictures.side ?? Number.POSITIVE_INFINITY)), 1);
  const hash = createHash('sha256');
  const shown: ShownPicture[] = [];
  const remarks = new Set<PictureRemark>();
  let type = '';
  let photometric = '';
  for (let i = 0; i < frames; i++) {
    const frame = open.readFrame(i);
    const { stored } = frame;
    hash.update(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    type = typeNameOf(stored);
    photometric = frame.photometric;
    // Maps of floating point may hold values that are no numbers: they are shown, and set aside only as examples.
    const isWhole = !(stored instanceof Float32Array || stored instanceof Float64Array);
    if (isWhole) for (const remark of greyWithRemarks(frame).remarks) remarks.add(remark);
    if (i < pictures.count) shown.push({ frame: i, ...toSmallGrey(frame, factor) });
  }
  const description: FileDescription = {
    transferSyntaxUid: open.transferSyntaxUid,
    transferSyntax: transferSyntaxOf(open.transferSyntaxUid)?.name ?? 'none declared',
    modality: open.header.modality,
    shape: [...(frames > 1 ? [frames] : []), rows, columns, ...(samples > 1 ? [samples] : [])],
    type,
    photometric,
    storedSha256: hash.digest('hex'),
    remarks: [...remarks].sort(),
  };
  return { description, pictures: shown };
}

/** As NumPy calls it. */
function typeNameOf(stored: StoredValues): string {
  return stored.constructor.name.replace(/Array$/, '').toLowerCase();
}
