import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import type { RawStudies } from '../stages.js';
import type { FolderReading, IngestTools } from './folder-reading.js';
import type { DatasetRequest, KeptPicture, RawPicture } from './image.js';
import { IngestLedger, type NotAnImageReason } from './ingest-ledger.js';
import { nameKey } from './keyed-hash.js';
import { LabelJoin } from './label-join.js';
import { type LabelRow, type LabelTable, parseLabelTable } from './label-table.js';
import { readPictures } from './read-pictures.js';
import { type ScannedFolder, scanFolder } from './scan-folder.js';
import { StudyAnnotations } from './study-annotations.js';
import { type FoundFile, walkFolder } from './walk-folder.js';

/**
 * Reads a folder of DICOM files with its label table, masks and label objects: first the headers of all, then the pictures.
 * Whatever cannot be used is booked in the ledger with its reason and does not end anything.
 *
 * Errors   LABEL_TABLE_INVALID, ANNOTATION_STRUCTURE_UNCHOSEN, CONFIG_INVALID (no such folder), STOPPED. The pictures: STOPPED, DISK_FULL.
 */
export function ingestWith(tools: IngestTools) {
  return async (request: DatasetRequest, signal: AbortSignal): Promise<RawStudies> => {
    const { reading, scanned } = await scanRequest(tools, request, signal);
    const images = readPictures(scanned, reading);
    return rawStudies(images, reading, request);
  };
}

function rawStudies(
  images: AsyncIterable<RawPicture | KeptPicture>,
  { ledger, root, derived }: FolderReading,
  { classes }: DatasetRequest,
): RawStudies {
  return { images, ledger, classes, folder: root, derived } as unknown as RawStudies;
}

/** The first half: what there is, by the headers alone. Nothing is written. Errors  as `ingestWith`. */
export async function scanRequest(
  tools: IngestTools,
  request: DatasetRequest,
  signal: AbortSignal,
): Promise<{ readonly reading: FolderReading; readonly scanned: ScannedFolder }> {
  const root = resolve(request.folder);
  const files = await filesOf(root, signal);
  const found = new Map(files.map((entry) => [nameKey(entry.file), entry]));
  const ledger = new IngestLedger(files.map((entry) => entry.file));
  const table = request.labels === undefined ? undefined : await readTable(root, resolve(request.labels));
  ledger.labelRows = table?.rows.length ?? 0;
  ledger.tableReading = table?.reading;
  const reading: FolderReading = {
    ...tools,
    root,
    found,
    ledger,
    join: table && new LabelJoin(table, found, tools.key),
    classes: request.classes && new Set(request.classes),
    labelsFrom: request.labelsFrom,
    textCheck: request.textCheck ?? 'full',
    derived: request.derived ?? 'set-aside',
    lookedAt: new Set(request.lookedAt?.map(nameKey)),
    annotations: request.labelsFrom && new StudyAnnotations(root, ledger, tools.pool, request),
    signal,
  };
  const candidates = bookOthers(files, reading, request.labels);
  const scanned = await scanFolder(candidates, reading);
  await reading.annotations?.place(tools.key, signal);
  return { reading, scanned };
}

async function filesOf(folder: string, signal: AbortSignal): Promise<FoundFile[]> {
  try {
    return await walkFolder(folder, signal);
  } catch (error) {
    if (error instanceof ConsiliumError) throw error;
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'the folder of the dataset cannot be read' }, error);
  }
}

async function readTable(folder: string, labels: string): Promise<LabelTable> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(labels);
  } catch (error) {
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it cannot be opened' }, error);
  }
  // Paths are relative to the table where it lies in the folder, and to the folder where it lies elsewhere.
  const base = relative(folder, dirname(labels)).replaceAll('\\', '/');
  return parseLabelTable(bytes, base.startsWith('..') || isAbsolute(base) ? '' : base);
}

/** Books the files that are plainly no pictures; answers the numbers of the others. */
function bookOthers(files: readonly FoundFile[], reading: FolderReading, labels: string | undefined): number[] {
  const { ledger, join: table, root } = reading;
  const rows = table?.table.rows ?? [];
  const maskKeys = (from: readonly LabelRow[]) => new Set(from.flatMap(({ mask }) => (mask ? [nameKey(mask)] : [])));
  const masks = maskKeys(rows);
  const usedMasks = maskKeys(rows.filter((row) => table!.mayHaveImage(row)));
  const maskFolders = new Set([...masks].map(folderOf).filter((below) => below !== ''));
  const tablePath = labels === undefined ? undefined : resolve(labels);
  const candidates: number[] = [];
  files.forEach(({ file, isRegular }, ordinal) => {
    const key = nameKey(file);
    const book = (reason: NotAnImageReason) => ledger.notAnImage(ordinal, reason);
    if (!isRegular) book('link');
    else if (join(root, file) === tablePath) book('label-table');
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
