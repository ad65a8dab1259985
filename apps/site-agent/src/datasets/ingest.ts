import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { type DicomHeader, type DicomImage, readImage, toGrey } from '@consilium/dicom';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { throwIfStopped } from '../platform/stopping.js';
import type { RawStudies } from '../stages.js';
import type { DatasetRequest, RawImage } from './image.js';
import { IngestLedger, type NotAnImageReason, SetAside, type SetAsideReason } from './ingest-ledger.js';
import { LabelJoin, nameKey } from './label-join.js';
import { type LabelRow, type LabelTable, parseLabelTable } from './label-table.js';
import { readMask } from './mask.js';
import { type FoundFile, walkFolder } from './walk-folder.js';

/** Far above any single picture; a larger file is not read into memory. */
const LARGEST_FILE_BYTES = 512 * 2 ** 20;

interface Folder {
  readonly root: string;
  readonly found: ReadonlyMap<string, FoundFile>;
  readonly join: LabelJoin;
  readonly classes: ReadonlySet<string> | undefined;
}

/**
 * Reads a folder of DICOM files with its label table and masks. Pictures come one at a time; whatever cannot be used is
 * booked in the ledger with its reason and does not end anything.
 *
 * Errors   LABEL_TABLE_INVALID, CONFIG_INVALID (no such folder), STOPPED. The pictures: STOPPED only.
 */
export async function ingest(request: DatasetRequest, signal: AbortSignal): Promise<RawStudies> {
  const files = await filesOf(request.folder, signal);
  const table = await readTable(request);
  const found = new Map(files.map((entry) => [nameKey(entry.file), entry]));
  const ledger = new IngestLedger(files.map((entry) => entry.file));
  ledger.labelRows = table.rows.length;
  const folder: Folder = {
    root: request.folder,
    found,
    join: new LabelJoin(table, found),
    classes: request.classes && new Set(request.classes),
  };
  const candidates = bookOthers(files, folder, request.labels, ledger);
  const studies = { images: readAll(candidates, folder, ledger, signal), ledger, classes: request.classes };
  return studies as unknown as RawStudies;
}

async function filesOf(folder: string, signal: AbortSignal): Promise<FoundFile[]> {
  try {
    return await walkFolder(folder, signal);
  } catch (error) {
    if (error instanceof ConsiliumError) throw error;
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'the folder of the dataset cannot be read' }, error);
  }
}

async function readTable({ folder, labels }: DatasetRequest): Promise<LabelTable> {
  let text: string;
  try {
    text = await readFile(labels, 'utf8');
  } catch (error) {
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it cannot be opened' }, error);
  }
  // Paths are relative to the table where it lies in the folder, and to the folder where it lies elsewhere.
  const base = relative(folder, dirname(labels)).replaceAll('\\', '/');
  return parseLabelTable(text, base.startsWith('..') || isAbsolute(base) ? '' : base);
}

/** Books the files that are plainly no pictures; answers the numbers of the others. */
function bookOthers(files: readonly FoundFile[], folder: Folder, labels: string, ledger: IngestLedger): number[] {
  const { rows } = folder.join.table;
  const maskKeys = (from: readonly LabelRow[]) => new Set(from.flatMap(({ mask }) => (mask ? [nameKey(mask)] : [])));
  const masks = maskKeys(rows);
  const usedMasks = maskKeys(rows.filter((row) => folder.join.mayHaveImage(row)));
  const maskFolders = new Set([...masks].map(folderOf).filter((below) => below !== ''));
  const candidates: number[] = [];
  files.forEach(({ file, isRegular }, ordinal) => {
    const key = nameKey(file);
    const book = (reason: NotAnImageReason) => ledger.record(ordinal, { kind: 'not-an-image', reason });
    if (!isRegular) book('link');
    else if (join(folder.root, file) === join(labels)) book('label-table');
    else if (usedMasks.has(key)) book('mask');
    else if (masks.has(key) || (maskFolders.has(folderOf(key)) && /\.png$/i.test(key))) book('mask-without-image');
    else if (/(^|\/)DICOMDIR$/i.test(file)) book('directory');
    else candidates.push(ordinal);
  });
  return candidates;
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}

async function* readAll(
  candidates: readonly number[],
  folder: Folder,
  ledger: IngestLedger,
  signal: AbortSignal,
): AsyncGenerator<RawImage> {
  const seen = new Set<string>();
  for (const ordinal of candidates) {
    throwIfStopped(signal);
    try {
      const image = await readOne(ordinal, ledger.files[ordinal]!, folder);
      refuseDuplicate(image, seen);
      ledger.record(ordinal, { kind: 'usable' });
      yield image;
    } catch (error) {
      if (!(error instanceof SetAside)) throw error;
      ledger.setAside(ordinal, error.reason);
    }
  }
  ledger.orphanLabels = folder.join.orphans();
}

async function readOne(ordinal: number, file: string, folder: Folder): Promise<RawImage> {
  const image = parseImage(await readBytes(join(folder.root, file), 'unreadable'));
  const row = rowOf(file, image.dicom.header, folder);
  const mask = row.mask === undefined ? undefined : await maskOf(row.mask, image, folder);
  if (row.part === 'unknown') throw new SetAside('split-unknown');
  return {
    ordinal,
    header: image.dicom.header,
    patientId: row.patientId,
    rows: image.dicom.rows,
    columns: image.dicom.columns,
    grey: image.grey,
    mask,
    label: row.label,
    part: row.part,
  };
}

interface ParsedImage {
  readonly dicom: DicomImage;
  readonly grey: Float32Array;
}

const REASONS: Readonly<Partial<Record<ErrorCode, SetAsideReason>>> = {
  DICOM_NOT_DICOM: 'not-dicom',
  DICOM_TRUNCATED: 'truncated',
  DICOM_UNSUPPORTED: 'unsupported',
  DICOM_NO_PIXELS: 'no-pixels',
  DICOM_INVALID: 'contradictory',
  MASK_INVALID: 'mask-unreadable',
  MASK_SIZE_MISMATCH: 'mask-size',
};

function parseImage(bytes: Uint8Array): ParsedImage {
  return orSetAside(() => {
    const dicom = readImage(bytes);
    const grey = toGrey(dicom);
    if (!grey.every(Number.isFinite)) throw new SetAside('contradictory');
    return { dicom, grey };
  });
}

function orSetAside<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof ConsiliumError ? REASONS[error.code] : undefined;
    throw reason ? new SetAside(reason) : error;
  }
}

function rowOf(file: string, header: DicomHeader, folder: Folder): LabelRow {
  const row = folder.join.rowOf(file, header);
  const { hasLabels, hasMasks } = folder.join.table;
  if (row.label === undefined && row.mask === undefined)
    throw new SetAside(hasMasks && !hasLabels ? 'mask-missing' : 'no-label');
  if (row.label !== undefined && folder.classes && !folder.classes.has(row.label)) throw new SetAside('unknown-class');
  return row;
}

async function maskOf(file: string, image: ParsedImage, folder: Folder): Promise<Uint8Array> {
  // Only a file that the walk has found: a table cannot point outside the folder.
  const found = folder.found.get(nameKey(file));
  if (!found?.isRegular) throw new SetAside('mask-missing');
  const bytes = await readBytes(join(folder.root, found.file), 'mask-unreadable');
  return orSetAside(() => readMask(bytes, image.dicom.rows, image.dicom.columns));
}

async function readBytes(path: string, reason: SetAsideReason): Promise<Uint8Array> {
  try {
    if ((await stat(path)).size > LARGEST_FILE_BYTES) throw new SetAside('unsupported');
    return await readFile(path);
  } catch (error) {
    throw error instanceof SetAside ? error : new SetAside(reason);
  }
}

/** The same object twice, or the same pixels under another identifier: both would count a patient's film twice. */
function refuseDuplicate(image: RawImage, seen: Set<string>): void {
  const { grey } = image;
  const pixels = createHash('sha256')
    .update(`${image.rows} ${image.columns}\n`)
    .update(new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength))
    .digest('hex');
  const keys = [`uid ${image.header.sopInstanceUid}`, `pixels ${pixels}`];
  if (keys.some((key) => seen.has(key))) throw new SetAside('duplicate');
  for (const key of keys) seen.add(key);
}
