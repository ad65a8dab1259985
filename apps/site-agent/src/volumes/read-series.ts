import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type SeriesGeometry, type Slice, stackSlices } from '@consilium/dicom';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import type { DecodePool } from '../decoding/decode-pool.js';
import type { DecodedFile } from '../decoding/decoded-file.js';

/** One picture of a series, and where to find it again. */
export interface SeriesSlice extends Slice {
  /** Relative to the folder. */
  readonly file: string;
  readonly frame: number;
}

export interface FoundSeries {
  /** Text of a header. */
  readonly modality: string;
  readonly files: number;
  /** Files with an instance and a picture that another file has already: left out. */
  readonly copies: number;
  /** Files of different pictures that share an instance with each other: left out, all of them. */
  readonly conflicts: readonly string[];
  readonly slices: readonly SeriesSlice[];
  readonly geometry: SeriesGeometry;
}

export interface SeriesOfFolder {
  /** In the order of their first files. */
  readonly series: readonly FoundSeries[];
  readonly setAside: readonly { readonly file: string; readonly code: ErrorCode }[];
}

const AT_ONCE = 8;

/**
 * Reads the files of a folder and puts the slices of each series in order; pixels are decoded, and let go of at once.
 *
 * Errors   STOPPED. A file that cannot be read is set aside.
 */
export async function readSeries(
  folder: string,
  files: readonly string[],
  pool: DecodePool,
  signal: AbortSignal,
  onRead: (done: number) => void,
): Promise<SeriesOfFolder> {
  const byUid = new Map<string, ReadFile[]>();
  const pictures = new Map<string, Set<string>>();
  const setAside: SeriesOfFolder['setAside'][number][] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const batch = files.slice(at, at + AT_ONCE);
    for (const read of await Promise.all(batch.map((file) => readOne(folder, file, pool, signal)))) {
      if (read.code !== undefined) {
        setAside.push(read);
        continue;
      }
      byUid.set(read.seriesUid, [...(byUid.get(read.seriesUid) ?? []), read]);
      if (read.instanceUid !== '')
        pictures.set(read.instanceUid, (pictures.get(read.instanceUid) ?? new Set()).add(read.picture));
    }
    onRead(at + batch.length);
  }
  const isOne = ({ instanceUid }: ReadFile) => (pictures.get(instanceUid)?.size ?? 1) === 1;
  return { series: [...byUid.values()].map((own) => seriesOf(own, isOne)), setAside };
}

type ReadFile = Extract<Awaited<ReturnType<typeof readOne>>, { readonly seriesUid: string }>;

function seriesOf(files: readonly ReadFile[], isOne: (file: ReadFile) => boolean): FoundSeries {
  const instances = new Set<string>();
  const conflicts: string[] = [];
  const slices: SeriesSlice[] = [];
  let copies = 0;
  for (const read of files) {
    if (!isOne(read)) conflicts.push(read.file);
    else if (instances.has(read.instanceUid)) copies++;
    else slices.push(...read.slices);
    if (read.instanceUid !== '') instances.add(read.instanceUid);
  }
  const { modality } = files[0]!;
  return { modality, files: files.length, copies, conflicts, slices, geometry: stackSlices(slices) };
}

async function readOne(folder: string, file: string, pool: DecodePool, signal: AbortSignal) {
  try {
    const read = await pool.read(join(folder, file), signal);
    const { header, rows, columns, frames, pixelSpacingMm, instanceNumber } = read;
    const slices = frames.map(
      ({ place, acquisition }, frame): SeriesSlice => ({
        file,
        frame,
        place,
        acquisition,
        pixelSpacingMm,
        rows,
        columns,
        instanceNumber: frames.length > 1 ? frame + 1 : instanceNumber,
      }),
    );
    return {
      file,
      code: undefined,
      picture: pictureOf(read),
      seriesUid: header.seriesInstanceUid,
      instanceUid: header.sopInstanceUid,
      modality: header.modality,
      slices,
    };
  } catch (error) {
    if (!(error instanceof ConsiliumError) || error.code === 'STOPPED' || error.code === 'INTERNAL') throw error;
    return { file, code: error.code };
  }
}

/** The same for copies of one object: whose picture it is, where it lies, and its values. */
function pictureOf({ header, rows, columns, frames }: DecodedFile): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([header.patientId, rows, columns, frames.map(({ place }) => place ?? null)]));
  for (const { grey } of frames) hash.update(new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength));
  return hash.digest('hex');
}
