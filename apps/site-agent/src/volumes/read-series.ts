import { join } from 'node:path';
import { type SeriesGeometry, type Slice, stackSlices } from '@consilium/dicom';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import type { DecodePool } from '../decoding/decode-pool.js';

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
  /** Files with an instance that another file has already: left out. */
  readonly copies: number;
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
  const byUid = new Map<string, { modality: string; files: number; copies: number; slices: SeriesSlice[] }>();
  const instances = new Set<string>();
  const setAside: SeriesOfFolder['setAside'][number][] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const batch = files.slice(at, at + AT_ONCE);
    for (const read of await Promise.all(batch.map((file) => readOne(folder, file, pool, signal)))) {
      if (read.code !== undefined) {
        setAside.push(read);
        continue;
      }
      const series = byUid.get(read.seriesUid) ?? { modality: read.modality, files: 0, copies: 0, slices: [] };
      series.files++;
      if (instances.has(read.instanceUid)) series.copies++;
      else series.slices.push(...read.slices);
      if (read.instanceUid !== '') instances.add(read.instanceUid);
      byUid.set(read.seriesUid, series);
    }
    onRead(at + batch.length);
  }
  const series = [...byUid.values()].map((found) => ({ ...found, geometry: stackSlices(found.slices) }));
  return { series, setAside };
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
