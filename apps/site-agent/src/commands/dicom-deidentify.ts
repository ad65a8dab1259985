import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import {
  attributeName,
  DEFAULT_POLICY,
  type DeidentificationPolicy,
  type DeidentifiedFile,
  deidentifyFile,
  type ElementChange,
  parsePolicy,
} from '@consilium/dicom';
import { isMissing, writeDurably } from '@consilium/durability';
import { ConsiliumError, ERRORS, type ErrorCode, errorCode } from '@consilium/errors';
import { walkFolder } from '../datasets/walk-folder.js';
import { type DecodePool, openDecodePool } from '../decoding/decode-pool.js';
import { readPseudonymKey, siteFolder } from '../platform/site-folder.js';
import { throwIfStopped } from '../platform/stopping.js';
import { print } from '../platform/terminal.js';
import { PseudonymMap } from '../pseudonyms/pseudonym-map.js';
import { untilStopped } from './until-stopped.js';

export interface DeidentifyCommandOptions {
  readonly out?: string;
  readonly diff?: boolean;
  readonly dryRun?: boolean;
  readonly policy?: string;
  readonly dir?: string;
  /** Writes files with burned-in text as well. */
  readonly withBurnedIn?: boolean;
}

/** Larger files are not read whole: they would not fit beside their copy. */
const FILE_BYTES_AT_MOST = 2 ** 30;

interface Outcome {
  readonly file: string;
  /** Where it went; undefined if it was set aside. */
  readonly written?: string;
  readonly reason?: string;
  /** Its pixels cannot be decoded, or text was to stay: nobody has looked for any. */
  readonly isUnseen?: boolean;
}

/** Writes what is left of a file, or of every file of a folder, by the de-identification profile; or only shows it. */
export async function deidentifyFiles(input: string, options: DeidentifyCommandOptions): Promise<void> {
  const isFolder = (await statOf(input)).isDirectory();
  const out = await outputFolder(input, isFolder, options);
  const policy = options.policy === undefined ? DEFAULT_POLICY : await readPolicy(options.policy);
  const site = openSite(options.dir);
  const pool = openDecodePool();
  await untilStopped(async (signal) => {
    const files = isFolder ? await walkFolder(input, signal) : [{ file: basename(input), isRegular: true }];
    const folder = isFolder ? input : dirname(input);
    const job = { ...site, policy, out, options, written: new Set<string>(), pool, signal };
    const outcomes: Outcome[] = [];
    for (const { file, isRegular } of files) {
      throwIfStopped(signal);
      outcomes.push(isRegular ? await deidentifyOne(folder, file, job) : { file, reason: 'not a regular file' });
    }
    print(summaryOf(outcomes, job, options));
    if (!isFolder && outcomes[0]?.written === undefined) process.exitCode = 1;
  }).finally(async () => {
    site.map?.close();
    await pool.close();
  });
}

interface Job {
  readonly key: Uint8Array;
  readonly map: PseudonymMap | undefined;
  readonly policy: DeidentificationPolicy;
  readonly out: string | undefined;
  readonly options: DeidentifyCommandOptions;
  /** Names of this run, so that two files of one instance are noticed. */
  readonly written: Set<string>;
  readonly pool: DecodePool;
  readonly signal: AbortSignal;
}

async function deidentifyOne(folder: string, file: string, job: Job): Promise<Outcome> {
  const changes: ElementChange[] = [];
  const onChange = job.options.diff ? (change: ElementChange) => void changes.push(change) : undefined;
  let clean: DeidentifiedFile;
  try {
    const bytes = await readWhole(join(folder, file));
    clean = await lookedAt(
      deidentifyFile(bytes, { key: job.key, policy: job.policy, ...(onChange && { onChange }) }),
      join(folder, file),
      job,
    );
  } catch (error) {
    const code = errorCode(error);
    if (ERRORS[code].kind !== 'invalid') throw error;
    return { file, reason: `${code}: ${ERRORS[code].say}` };
  }
  const name = `${clean.sopInstanceUid}.dcm`;
  if (job.options.diff) print(diffOf(file, name, changes, clean));
  if (job.written.has(name)) return { file, reason: 'the same instance again' };
  const { verdict, reasons } = clean.burnedIn;
  if (verdict !== 'clean' && !job.options.withBurnedIn)
    return { file, reason: `burned-in text ${verdict}: ${reasons.join('; ')}` };
  job.written.add(name);
  if (job.out !== undefined) {
    job.map?.put(clean.links);
    await writeDurably(join(job.out, name), [clean.bytes]);
  }
  return { file, written: name, isUnseen: !clean.arePixelsLookedAt };
}

/** Compressed pixels are decoded in a thread that can be thrown away, and looked at too; a file without pixels shows nothing. */
async function lookedAt(
  clean: DeidentifiedFile,
  path: string,
  { pool, signal, options }: Job,
): Promise<DeidentifiedFile> {
  // Whoever wants such files all the same need not wait for the search.
  if (clean.arePixelsLookedAt || options.withBurnedIn) return clean;
  try {
    const { burnedIn } = await pool.read(path, signal, { searchText: true });
    const isNew = burnedIn !== undefined && burnedIn !== 'clean' && clean.burnedIn.verdict === 'clean';
    const { regions } = clean.burnedIn;
    const seen = isNew
      ? { verdict: burnedIn, reasons: ['the pixels look as if they had text'], regions }
      : clean.burnedIn;
    return { ...clean, burnedIn: seen, arePixelsLookedAt: true };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'DICOM_NO_PIXELS') return { ...clean, arePixelsLookedAt: true };
    if (ERRORS[code].kind !== 'invalid') throw error;
    return clean;
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_AT_MOST) throw new ConsiliumError('DICOM_UNSUPPORTED', { bytes: size });
  return readFile(path);
}

/** The site's own key and map, or a key that is forgotten when the command ends. */
function openSite(dir: string | undefined): { key: Uint8Array; map: PseudonymMap | undefined } {
  if (dir === undefined) return { key: randomBytes(32), map: undefined };
  const folder = siteFolder(dir);
  const key = readPseudonymKey(folder);
  return { key, map: PseudonymMap.open(folder.pseudonymMap, key) };
}

async function readPolicy(path: string): Promise<DeidentificationPolicy> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw isMissing(error) ? invalid('the policy file does not exist') : error;
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw new ConsiliumError('DEIDENTIFICATION_POLICY_INVALID', { problem: 'the file is not JSON' }, thrown);
  }
  return parsePolicy(json);
}

/**
 * The folder to write to; undefined for a dry run. It may not lie in the folder that is read, nor be that of a single
 * file: what is read is never written over.
 */
async function outputFolder(
  input: string,
  isFolder: boolean,
  { out, dryRun }: DeidentifyCommandOptions,
): Promise<string | undefined> {
  if (dryRun) return undefined;
  if (out === undefined) throw invalid('say where to write with --out, or --dry-run');
  const source = await realpath(isFolder ? input : dirname(input));
  const target = await realTarget(resolve(out));
  const isInside = target === source || (isFolder && target.startsWith(source.endsWith(sep) ? source : source + sep));
  if (isInside) throw invalid('--out must not be the folder that is read, nor lie in it');
  await mkdir(target, { recursive: true, mode: 0o700 });
  return target;
}

/** The real path of a folder that may not be there yet: that of the part that is, and the rest. */
async function realTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error;
    return join(await realTarget(dirname(path)), relative(dirname(path), path));
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    throw isMissing(error) ? invalid('there is no such file or folder') : error;
  }
}

function invalid(problem: string): ConsiliumError {
  const code: ErrorCode = 'REQUEST_INVALID';
  return new ConsiliumError(code, { problem });
}

/** One line an element, indented by its level. */
function diffOf(file: string, name: string, changes: readonly ElementChange[], clean: DeidentifiedFile): string[] {
  const lines = changes.map(({ path, tag, vr, outcome, why, before, after }) => {
    const indent = '  '.repeat(path.split('.').length - 1);
    const place = `${indent}${path.split('.').at(-1)}`.padEnd(18);
    const values = after === before ? quoted(after) : `${quoted(before)} -> ${quoted(after)}`;
    return `${outcome.padEnd(9)}${place} ${vr}  ${attributeName(tag)}  ${values}  [${why}]`;
  });
  const { verdict, reasons } = clean.burnedIn;
  const looked = clean.arePixelsLookedAt ? '' : '; the pixels were not looked at';
  const pixels = `burned-in text: ${verdict}${reasons.map((reason) => `; ${reason}`).join('')}${looked}`;
  return [`${file} -> ${name}`, ...lines, pixels, ''];
}

function quoted(text: string): string {
  return text === '' ? '""' : `"${text}"`;
}

function summaryOf(outcomes: readonly Outcome[], { map, out }: Job, { dir }: DeidentifyCommandOptions): string[] {
  const written = outcomes.filter((outcome) => outcome.written !== undefined).length;
  const unseen = outcomes.filter(({ isUnseen }) => isUnseen).length;
  const aside = outcomes.filter((outcome) => outcome.written === undefined);
  return [
    `${outcomes.length} files in, ${written} ${out === undefined ? 'would be written' : 'written'}, ${aside.length} set aside`,
    ...(unseen === 0 ? [] : [`nobody has looked for text in the pixels of ${unseen}`]),
    ...aside.map(({ file, reason }) => `  ${file}: ${reason}`),
    dir === undefined
      ? 'pseudonyms are of a key made for this run and forgotten now: another run gives others; --dir uses the key of a site'
      : `pseudonyms are of the key of this site${map !== undefined && out !== undefined ? '; its map leads back to the originals' : ''}`,
  ];
}
