import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PICTURE_REMARKS } from '@consilium/dicom';
import { ConsiliumError, ERRORS, type ErrorCode } from '@consilium/errors';
import { walkFolder } from '../datasets/walk-folder.js';
import { type DescribePool, openDecodePool } from '../decoding/decode-pool.js';
import type { FileDescription, ShownPicture, WantedPictures } from '../decoding/describe-file.js';
import { throwIfStopped } from '../platform/stopping.js';
import { isOutputTerminal, print, printJson, SCREEN, whileSomebodyReads } from '../platform/terminal.js';
import { untilStopped } from './until-stopped.js';
import { openPictureFolder, type PictureFolder } from './write-pictures.js';

export interface DicomShowOptions {
  readonly json?: boolean;
  /** A folder for what a model would see. */
  readonly png?: string;
  /** Pictures of one file, at most. */
  readonly frames: number;
  /** Pictures no larger than they must be to have this many pixels on their longer side. */
  readonly side?: number;
}

/** What became of a file: read, or set aside with the reason. */
export type ShownFile = { readonly file: string; readonly pictures?: readonly string[] } & (
  | FileDescription
  | { readonly setAside: ErrorCode; readonly say: string; readonly detail: ConsiliumError['detail'] }
);

const AT_ONCE = 8;
const FAILED = 1;

/**
 * Shows what the reader makes of a file, or of every file of a folder. One file that is set aside is a failure, files of a
 * folder are not.
 *
 * Errors   CONFIG_INVALID (nothing there), STOPPED.
 */
export async function showDicom(path: string, options: DicomShowOptions): Promise<void> {
  const pool = openDecodePool();
  const show = (signal: AbortSignal, stop: () => void) =>
    whileSomebodyReads(stop, () => showWith(pool, path, options, signal));
  await untilStopped(show).finally(() => pool.close());
}

async function showWith(
  pool: DescribePool,
  path: string,
  options: DicomShowOptions,
  signal: AbortSignal,
): Promise<void> {
  const { folder, files, isOne } = await filesAt(path, signal);
  const pictures = options.png === undefined ? undefined : await openPictureFolder(options.png);
  const wanted = { count: pictures === undefined ? 0 : options.frames, side: options.side };
  const shown: ShownFile[] = [];
  const tell = options.json ? () => {} : isOne ? printOne : printRow;
  for await (const one of showAll(pool, folder, files, wanted, pictures, signal)) {
    shown.push(one);
    tell(one);
    showProgress(shown.length, files.length, options.json === true);
  }
  if (options.json) printJson(isOne ? shown[0] : { ...countsOf(shown), files: shown });
  else if (!isOne) print(totals(shown));
  if (isOne && 'setAside' in shown[0]!) process.exitCode = FAILED;
}

async function filesAt(path: string, signal: AbortSignal) {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { folder: dirname(path), files: [basename(path)], isOne: true };
    const files = await walkFolder(path, signal);
    return { folder: path, files: files.filter(({ isRegular }) => isRegular).map(({ file }) => file), isOne: false };
  } catch (error) {
    if (error instanceof ConsiliumError) throw error;
    throw new ConsiliumError('CONFIG_INVALID', { problem: 'there is no such file or folder' }, error);
  }
}

/** In the order of the files, several of them under way at once. */
async function* showAll(
  pool: DescribePool,
  folder: string,
  files: readonly string[],
  wanted: WantedPictures,
  pictures: PictureFolder | undefined,
  signal: AbortSignal,
): AsyncGenerator<ShownFile> {
  const running: Promise<{ shown: ShownFile; frames: readonly ShownPicture[] }>[] = [];
  for (let i = 0; i < files.length; i++) {
    while (running.length < AT_ONCE && i + running.length < files.length) {
      const file = files[i + running.length]!;
      const one = showFile(pool, join(folder, file), file, wanted, signal);
      one.catch(() => {}); // heard when its turn comes
      running.push(one);
    }
    const { shown, frames } = await running.shift()!;
    throwIfStopped(signal);
    if (pictures === undefined || 'setAside' in shown) yield shown;
    else yield { ...shown, pictures: await pictures.write(i + 1, shown.storedSha256, frames) };
  }
}

async function showFile(pool: DescribePool, path: string, file: string, wanted: WantedPictures, signal: AbortSignal) {
  try {
    const { description, pictures: frames } = await pool.describe(path, wanted, signal);
    return { shown: { file, ...description }, frames };
  } catch (error) {
    if (!(error instanceof ConsiliumError) || error.code === 'STOPPED' || error.code === 'INTERNAL') throw error;
    const { code, detail } = error;
    return { shown: { file, setAside: code, say: ERRORS[code].say, detail }, frames: [] };
  }
}

function printOne(shown: ShownFile): void {
  const line = (name: string, value: string) => print(`${name.padEnd(16)} ${value}`);
  line('file', shown.file);
  if ('setAside' in shown) {
    line('set aside', `${shown.setAside}: ${shown.say}`);
    for (const [name, value] of Object.entries(shown.detail)) line(`  ${name}`, String(value));
    return;
  }
  line('transfer syntax', `${shown.transferSyntaxUid} ${shown.transferSyntax}`);
  line('modality', shown.modality || '(none)');
  line('shape', shown.shape.join(' x '));
  line('type', `${shown.type}, ${shown.photometric}`);
  line('stored SHA-256', shown.storedSha256);
  for (const remark of shown.remarks) line('remark', `${PICTURE_REMARKS[remark]} (${remark})`);
  for (const picture of shown.pictures ?? []) line('picture', picture);
}

function printRow(shown: ShownFile): void {
  const { file } = shown;
  if ('setAside' in shown) print([file, `    set aside: ${shown.say} (${shown.setAside})`]);
  else {
    const { transferSyntax, modality, shape, type, photometric, storedSha256, remarks } = shown;
    const facts = [
      transferSyntax,
      modality,
      shape.join(' x '),
      type,
      photometric,
      storedSha256.slice(0, 16),
      ...remarks,
    ];
    print([file, `    ${facts.filter((fact) => fact !== '').join(', ')}`]);
  }
}

function countsOf(shown: readonly ShownFile[]) {
  const setAside: Partial<Record<ErrorCode, number>> = {};
  for (const one of shown) if ('setAside' in one) setAside[one.setAside] = (setAside[one.setAside] ?? 0) + 1;
  const read = shown.filter((one) => !('setAside' in one)).length;
  return { filesIn: shown.length, read, setAside };
}

function totals(shown: readonly ShownFile[]): string[] {
  const { filesIn, read, setAside } = countsOf(shown);
  const reasons = Object.entries(setAside).toSorted(([, a], [, b]) => b - a);
  const lines = reasons.map(([code, n]) => `${String(n).padStart(8)}  ${code}: ${ERRORS[code as ErrorCode].say}`);
  return ['', `${filesIn} files in, ${read} read, ${filesIn - read} set aside`, ...lines];
}

/** Only where a person looks, and not between the rows that the same terminal shows. */
function showProgress(done: number, files: number, isQuiet: boolean): void {
  if (!SCREEN.isTerminal || files < 50 || (isOutputTerminal() && !isQuiet)) return;
  if (done === files) SCREEN.clear();
  else if (done % 10 === 0) SCREEN.rewrite(`${done} of ${files} files`);
}
