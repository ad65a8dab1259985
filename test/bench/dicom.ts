import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { BenchOptions, Row } from './harness/bench.ts';
import { type Contestant, medianMs, peakBytes, startAll, takeTurns } from './harness/contest.ts';

export const peers = ['pydicom'];

const FOLDER = new URL('../../../shared/data/dicom/', import.meta.url);
const CT = (name: string) => `equiv_ct/CTImage_${name}.dcm`;

/** Row -> a real file of 512x512 pixels. HTJ2K has no decoder among the peers. */
const FILES: Readonly<Record<string, string>> = {
  ct: CT('LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2'),
  deflated: CT('DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99'),
  'big-endian': CT('BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2'),
  rle: 'nema_wg04/CT2_RLE.dcm',
  'jpeg-baseline': CT('JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50'),
  'jpeg-extended': CT('JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51'),
  'jpeg-lossless-57': 'malformed/JPEGLossless_1s_1f_i_16_16_bad.dcm',
  'jpeg-lossless-70': CT('JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70'),
  'jpeg-ls': CT('JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80'),
  'jpeg-ls-near': CT('JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81'),
  'jpeg-2000': CT('JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90'),
  'jpeg-2000-lossy': 'nema_wg04/CT2_J2KI.dcm',
};

const OWN = fileURLToPath(new URL('measured/dicom-images.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('peers/pydicom_read.py', import.meta.url));
const TURNS = { warmUp: 2, turns: 5, stepsOfATurn: 3 };
/** The two means of the tensors may differ by as much; resizing sums in another order. */
const MEAN_TOLERANCE = 1e-3;

/**
 * Images a second from a file (its pages in memory) to a 128x128 float tensor, the same file again and again: reading and
 * decoding as a site's threads do it, then the means of blocks; in one process with one thread, and with a thread a core. With the
 * peer in the same turns: pydicom, NumPy and Pillow's box filter, with the fastest of the decoders that pydicom finds, in one process.
 */
export default async function dicom({ peer }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, file] of Object.entries(FILES)) {
    const path = fileURLToPath(new URL(file, FOLDER));
    if (!existsSync(path)) process.stderr.write(`${name}: left out, the real files are absent\n`);
    else rows.push(...(await measure(name, path, peer === 'pydicom')));
  }
  const [cached] = await startAll([['cached', process.execPath, [OWN, 'cached']]]);
  if (cached === undefined) throw new Error('the cache cannot be read');
  await takeTurns('cached', [cached], TURNS);
  return [...rows, rowOf('dicom.cached', 'the same tensors from the cache, as from round two on', cached, undefined)];
}

async function measure(name: string, path: string, withPeer: boolean): Promise<Row[]> {
  const threads = [1, availableParallelism()];
  const own = await startAll(
    threads.map((count) => [`${name}, ${count} threads`, process.execPath, [OWN, 'files', path, String(count)]]),
  );
  const python = process.env.PYTHON ?? 'python3';
  const [theirs] = withPeer ? await startAll([[`${name}, pydicom`, python, [PEER, path]]]) : [];
  if (withPeer && theirs === undefined) throw new Error(`${python} has no pydicom; name one that has it in PYTHON`);
  const [one, all] = own;
  if (one === undefined || all === undefined) throw new Error(`${name} cannot be read`);
  await takeTurns(name, [...(theirs ? [theirs] : []), one, all], TURNS);
  if (theirs) requireSameMean(name, one, theirs);
  const what = 'from file to 128x128';
  return [
    rowOf(`dicom.${name}`, `${what}; ${one.stepper.title}`, one, theirs),
    rowOf(`dicom.${name}.threads`, `${what}; ${all.stepper.title}`, all, theirs),
    ...(name === 'ct' ? [memoryRow(one, theirs)] : []),
  ];
}

const firstValue = ({ steps }: Contestant) => steps[0]?.value ?? Number.NaN;
const perSecond = (contestant: Contestant) => 1000 / medianMs(contestant);

/** A step's value is the mean of its tensor: both must have made the same picture. */
function requireSameMean(name: string, own: Contestant, theirs: Contestant): void {
  const [a, b] = [firstValue(own), firstValue(theirs)];
  if (!(Math.abs(a - b) <= MEAN_TOLERANCE * Math.max(1, Math.abs(b))))
    throw new Error(`${name}: the mean is ${a} here and ${b} there`);
}

function rowOf(id: string, what: string, own: Contestant, theirs: Contestant | undefined): Row {
  const runs = own.steps.length;
  const ratio = theirs ? perSecond(own) / perSecond(theirs) : null;
  const against = theirs?.stepper.title ?? null;
  return { id, what, median: perSecond(own), unit: 'images/s', runs, against, ratio, load: own.load };
}

function memoryRow(own: Contestant, theirs: Contestant | undefined): Row {
  return {
    id: 'dicom.ct.memory',
    what: 'peak resident memory of the process with one thread',
    median: peakBytes(own) / 1e6,
    unit: 'MB',
    runs: 1,
    against: theirs?.stepper.title ?? null,
    ratio: theirs ? peakBytes(own) / peakBytes(theirs) : null,
    load: own.load,
  };
}
