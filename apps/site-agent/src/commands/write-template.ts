import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ScannedHeader } from '@consilium/dicom';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import { inOrder } from '../datasets/in-order.js';
import { walkFolder } from '../datasets/walk-folder.js';
import { openDecodePool, type ScanPool } from '../decoding/decode-pool.js';
import { throwIfStopped } from '../platform/stopping.js';
import { NO_SCREEN, print, SCREEN, say } from '../platform/terminal.js';
import { IngestProgressLine } from './ingest-progress-line.js';
import { untilStopped } from './until-stopped.js';

export interface TemplateOptions {
  readonly from: string;
  readonly out?: string;
  readonly quiet?: boolean;
}

const HEAD = ['file', 'patient_id', 'study_instance_uid', 'series_instance_uid', 'sop_instance_uid', 'label'];
const AT_ONCE = { items: 32, weight: 32, weigh: () => 1 };

interface Row {
  readonly file: string;
  readonly scanned: ScannedHeader | undefined;
}

/**
 * A label table to fill in, by the headers of a folder's files; what is no picture is counted and left out. The table names patients: it is
 * the hospital's own.
 *
 * Errors   REQUEST_INVALID (no such folder, no picture in it, a file that is there already), STOPPED, DISK_FULL.
 */
export async function writeTemplate({ from, out, quiet = false }: TemplateOptions): Promise<void> {
  const root = resolve(from);
  if (!existsSync(root))
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'the folder of --from does not exist' });
  if (out !== undefined && existsSync(out))
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: `${out} is there already, and maybe filled in: name another file`,
    });
  const display = new IngestProgressLine(quiet ? NO_SCREEN : SCREEN);
  await untilStopped(async (signal) => {
    const rows = await scanAll(root, display, signal);
    display.end();
    const pictures = rows.flatMap(({ file, scanned }) => (scanned?.holdsPixels ? [lineOf(file, scanned)] : []));
    if (pictures.length === 0)
      throw new ConsiliumError('REQUEST_INVALID', {
        problem: `none of the ${rows.length} files there is a DICOM picture`,
      });
    const lines = [HEAD.join(','), ...pictures];
    const said = `${pictures.length} pictures, ${rows.length - pictures.length} other files left out`;
    if (out === undefined) print(lines);
    else await writeDurably(out, [Buffer.from(`${lines.join('\n')}\n`)]);
    say(`${said}${out === undefined ? '' : `; fill in the column label of ${out}`}`);
  }).finally(() => display.end());
}

async function scanAll(root: string, display: IngestProgressLine, signal: AbortSignal): Promise<Row[]> {
  const files = (await walkFolder(root, signal)).filter(({ isRegular }) => isRegular);
  const pool = openDecodePool();
  const rows: Row[] = [];
  let usable = 0;
  try {
    for await (const row of inOrder(files, AT_ONCE, ({ file }) => scanOne(root, file, pool, signal))) {
      throwIfStopped(signal);
      rows.push(row);
      if (row.scanned?.holdsPixels) usable += 1;
      const done = rows.length;
      display.show({ phase: 'headers', done, files: files.length, usable, setAside: done - usable, kept: 0 });
    }
    return rows;
  } finally {
    await pool.close();
  }
}

async function scanOne(root: string, file: string, pool: ScanPool, signal: AbortSignal): Promise<Row> {
  try {
    return { file, scanned: await pool.scan(join(root, file), signal) };
  } catch (error) {
    throwIfStopped(signal);
    if (error instanceof ConsiliumError) return { file, scanned: undefined };
    throw error;
  }
}

function lineOf(file: string, { header }: ScannedHeader): string {
  const { patientId, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = header;
  return [file, patientId, studyInstanceUid, seriesInstanceUid, sopInstanceUid, ''].map(cell).join(',');
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",;\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
