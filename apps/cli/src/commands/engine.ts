import { resolve } from 'node:path';
import {
  checkInstalled,
  findInstalled,
  type InstallOptions,
  type InstallProgress,
  installTensorflow,
  previewInstallation,
  removeTensorflow,
} from '@consilium/engine';
import { errorCode } from '@consilium/errors';
import { AdvisedError, UsageError } from '../failure.js';
import { Drawing, formatTable, isTerminal, print, printJson, say } from '../terminal.js';

export interface InstallWords {
  readonly gpu?: boolean;
  readonly from?: string;
  readonly index?: string;
  readonly sha256?: readonly string[];
  readonly dryRun?: boolean;
}

const MEGABYTE = 1e6;

/** `consilium engine install tensorflow`. Errors  those of `installTensorflow`. */
export async function installEngine(name: string, words: InstallWords): Promise<void> {
  requireTensorflow(name);
  if (words.from && words.index) throw new UsageError('Either --from or --index, not both.');
  const index = words.index === undefined ? undefined : parseIndex(words.index);
  const from = words.from === undefined ? undefined : resolve(words.from);
  const options = { gpu: words.gpu ?? false, from, index, accepted: words.sha256 ?? [] };
  const stop = new AbortController();
  if (words.dryRun) return describe(options, stop.signal);
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const line = progressLine();
  const begin = performance.now();
  try {
    const record = await installTensorflow(options, { report: line.report, signal: stop.signal });
    line.end();
    for (const { file, sha256, checkedAgainst } of record.sources)
      print([file, `  sha256 ${sha256}, checked against ${checkedAgainst}`]);
    print(
      `TensorFlow ${record.tensorflow} (${record.variant}), addon ${record.addon}; a training step was taken on the ${record.verifiedOn}.`,
    );
    if (record.variant === 'gpu' && record.verifiedOn !== 'GPU')
      print('TensorFlow sees no GPU here: is the NVIDIA driver installed (`nvidia-smi`)?');
    print(`Installed in ${seconds(performance.now() - begin)} s. \`consilium doctor\` says which back end is used.`);
  } catch (error) {
    line.end();
    throw errorCode(error) === 'STOPPED'
      ? new AdvisedError('STOPPED', 'The same command goes on where it ended.', {}, error)
      : error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** `consilium engine list`. Errors  ENGINE_INSTALLATION_CORRUPT. */
export async function listEngines(options: { readonly json?: boolean; readonly check?: boolean }): Promise<void> {
  const installed = await findInstalled();
  if (installed && options.check) await checkInstalled(installed);
  if (options.json) return printJson(installed ? [installed] : []);
  if (!installed) return print('No native engine is installed. The embedded one (wasm) needs no installation.');
  const { record, folder, sizeBytes } = installed;
  print(
    `tensorflow ${record.tensorflow} (${record.variant}), installed ${record.installedAt}, ${megabytes(sizeBytes)} MB`,
  );
  print(`  ${folder}`);
  for (const { file, sha256 } of record.sources) print(`  ${sha256}  ${file}`);
  if (options.check) print('Every installed file is as it was installed.');
}

/** `consilium engine remove tensorflow` */
export async function removeEngine(name: string): Promise<void> {
  requireTensorflow(name);
  await removeTensorflow();
  print('Removed.');
}

function requireTensorflow(name: string): void {
  if (name !== 'tensorflow') throw new UsageError(`There is no engine ${name} to install; only tensorflow.`);
}

function parseIndex(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError('--index needs an http or https address.');
}

async function describe(options: InstallOptions, signal: AbortSignal): Promise<void> {
  const { folder, addon, wheel, wheelFile, neededBytes, freeBytes } = await previewInstallation(options, signal);
  const where = options.from ?? options.index?.host ?? 'the pip of this machine';
  const cuda = options.gpu ? ', and the CUDA wheels that it asks for, about 4 GB' : '';
  print(
    formatTable(
      ['what', 'how'],
      [
        ['from', where],
        ['wheel', `${wheelFile ?? `${wheel}, 270 MB to download`}${cuda}`],
        ['addon', addon],
        ['to', folder],
        ['disk', `${gigabytes(neededBytes)} GB needed meanwhile, ${gigabytes(freeBytes)} GB free`],
      ],
    ),
  );
  print(['', 'Nothing was changed.']);
}

/** One line on a terminal, rewritten; a line per step elsewhere. */
function progressLine(): { report(progress: InstallProgress): void; end(): void } {
  const drawing = isTerminal() ? new Drawing() : undefined;
  let last = '';
  let drawnAt = 0;
  return {
    report: ({ doing, doneBytes, totalBytes }) => {
      if (drawing === undefined) {
        if (doing !== last && !doing.includes('/include/')) say(doing);
        last = doing;
        return;
      }
      const now = performance.now();
      if (doing === last && now - drawnAt < 100 && doneBytes !== totalBytes) return;
      [last, drawnAt] = [doing, now];
      const of = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
      const amount = doneBytes === undefined ? '' : `  ${megabytes(doneBytes)}${of} MB`;
      drawing.draw([`${doing}${amount}`]);
    },
    end: () => drawing?.clear(),
  };
}

function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(0);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
