import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type AddedDataset, addDataset } from './add-dataset.ts';
import { makeImages } from './make-images.ts';

const MEBIBYTE = 2 ** 20;
/** Of a file of the making, with its pixels in the store, on a file system of 4 KiB blocks. */
const BYTES_PER_IMAGE = 30_000;

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '100000' },
    'limit-mib': { type: 'string', default: '2048' },
    keep: { type: 'boolean', default: false },
  },
});
const images = whole(values.images);
const limitMib = whole(values['limit-mib']);

const root = mkdtempSync(path.join(tmpdir(), 'consilium-ingest-'));
process.once('exit', () => {
  if (!values.keep) rmSync(root, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { bavail, bsize } = statfsSync(root);
if (bavail * bsize < images * BYTES_PER_IMAGE) stop(`${images} images need ${images * BYTES_PER_IMAGE} free bytes`);
const [films, site] = ['films', 'site'].map((name) => path.join(root, name)) as [string, string];
mkdirSync(site);
const makingMs = await makeImages(films, images);
process.stdout.write(`${images} images of 64 x 64 made in ${seconds(makingMs)} s\n`);

const killed = await addDataset(site, films, { killAtFiles: Math.floor(images / 3) });
print('killed after a third (SIGKILL)', killed);
const resumed = await addDataset(site, films, {});
print('the same command again', resumed);
const again = await addDataset(site, films, {});
print('and once more', again);

const problems = [
  killed.signal === 'SIGKILL' ? '' : 'the first reading was not killed',
  resumed.report?.usable === images ? '' : `${resumed.report?.usable} images are usable, not ${images}`,
  resumed.report?.filesCounted === images + 1 ? '' : 'not every file is counted',
  (resumed.report?.kept ?? 0) >= Math.floor(images / 3) - 2_000
    ? ''
    : 'what the killed reading had read was read again',
  again.report?.kept === images ? '' : 'unchanged files were read again',
  again.version === resumed.version ? '' : 'the same folder gave another version',
  ...[killed, resumed, again].map(({ peakBytes }) =>
    peakBytes <= limitMib * MEBIBYTE ? '' : `${mebibytes(peakBytes)} MiB resident, more than ${limitMib}`,
  ),
].filter((problem) => problem !== '');
for (const problem of problems) process.stdout.write(`NOT AS IT MUST BE: ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function print(what: string, { elapsedMs, peakBytes, report }: AddedDataset): void {
  const kept = report ? `, ${report.kept} of ${report.filesIn} files read before` : '';
  process.stdout.write(`${what}: ${seconds(elapsedMs)} s, peak resident ${mebibytes(peakBytes)} MiB${kept}\n`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}

function whole(text: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0
    ? value
    : stop('usage: npm run test:ingest -- [--images N] [--limit-mib N] [--keep]');
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
