import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, errorCode } from '@consilium/errors';
import type { DecodedFile } from '../decoding/decoded-file.js';
import { stopReason, throwIfStopped } from '../platform/stopping.js';
import { identityOf } from './file-identity.js';
import type { FolderReading } from './folder-reading.js';
import { labelFrames } from './frame-labels.js';
import type { KeptPicture, RawPicture, StoredPicture } from './image.js';
import { inOrder } from './in-order.js';
import { isStored } from './ingest-journal.js';
import { SetAside, type SetAsideReason } from './ingest-ledger.js';
import { type JoinKeys, joinKeysOf, nameKey } from './keyed-hash.js';
import { countedObject, type ScannedFolder } from './scan-folder.js';
import { isSettled } from './settled.js';
import type { FrameGeometry } from './study-annotations.js';

/** Files that are under way: what the pool works on, and what waits for its turn or for the disk. */
const FILES_AT_ONCE = availableParallelism() + 3;
/** Of decoded pixels, unless one file alone holds more. */
const BYTES_AT_ONCE = 256 * 2 ** 20;

/** Why a file that its reader refuses is set aside. Any other error is a fault of ours and ends the reading. */
const REASONS: Readonly<Partial<Record<ErrorCode, SetAsideReason>>> = {
  DICOM_NOT_DICOM: 'not-dicom',
  DICOM_TRUNCATED: 'truncated',
  DICOM_UNSUPPORTED: 'unsupported',
  DICOM_NO_PIXELS: 'no-pixels',
  DICOM_INVALID: 'contradictory',
  DICOM_CODESTREAM_INVALID: 'undecodable',
  DICOM_TOO_LARGE: 'too-large',
  DICOM_UNREADABLE: 'unreadable',
  DICOM_TIMEOUT: 'timeout',
  // The thread died of a fault of ours: one file must not end the reading of all the others.
  INTERNAL: 'reader-failed',
};
/** May go otherwise another time: not for the journal. */
const OF_THE_MOMENT: ReadonlySet<SetAsideReason> = new Set(['timeout', 'unreadable', 'reader-failed']);

/**
 * Reads the pictures, several at once, and gives them in the order of their names. Whatever cannot be used is booked in the
 * ledger with its reason and does not end anything.
 *
 * Errors   STOPPED; DISK_FULL from the journal.
 */
export async function* readPictures(
  { pictures: numbers, decodedBytes }: Pick<ScannedFolder, 'pictures' | 'decodedBytes'>,
  reading: FolderReading,
): AsyncGenerator<RawPicture | KeptPicture> {
  const { ledger, signal } = reading;
  const counts = { done: 0, usable: 0 };
  const tell = () =>
    reading.progress({
      phase: 'pictures',
      ...counts,
      files: numbers.length,
      setAside: counts.done - counts.usable,
      kept: ledger.kept,
    });
  const weigh = (ordinal: number) => decodedBytes.get(ordinal) ?? 0;
  const atOnce = { items: FILES_AT_ONCE, weight: BYTES_AT_ONCE, weigh };
  const results = inOrder(numbers, atOnce, (ordinal) => readOrReason(ordinal, reading));
  for await (const result of results) {
    throwIfStopped(signal);
    counts.done += 1;
    if (result.kind === 'set-aside') ledger.setAside(result.ordinal, result.reason);
    else {
      if (result.kind === 'kept') ledger.kept += 1;
      ledger.usable(result.ordinal);
      counts.usable += 1;
      yield result;
    }
    tell();
  }
  ledger.orphanLabels = reading.join?.orphans() ?? [];
}

type Read =
  | RawPicture
  | KeptPicture
  | { readonly kind: 'set-aside'; readonly ordinal: number; readonly reason: SetAsideReason };

async function readOrReason(ordinal: number, reading: FolderReading): Promise<Read> {
  try {
    return await readOne(ordinal, reading);
  } catch (error) {
    if (!(error instanceof SetAside)) throw error;
    return { kind: 'set-aside', ordinal, reason: error.reason };
  }
}

async function readOne(ordinal: number, reading: FolderReading): Promise<RawPicture | KeptPicture> {
  const file = reading.ledger.files[ordinal]!;
  const identity = await orUnreadable(identityOf(reading.root, file, reading.key));
  const stored = await storedBefore(file, identity, reading);
  if (!stored) return readNew(ordinal, file, identity, reading);
  const { rows, columns, spacingMm, keys } = stored;
  const frames = stored.frames.map(({ place }) => ({ rows, columns, spacingMm, place: place ?? undefined }));
  return { kind: 'kept', stored, ...(await factsOf(ordinal, keys, frames, reading)) };
}

/** Throws SetAside where an earlier reading has found that the file cannot be used. */
async function storedBefore(
  file: string,
  identity: RawPicture['identity'],
  reading: FolderReading,
): Promise<StoredPicture | undefined> {
  const { journal, blobs } = reading;
  const known = journal.find(identity);
  if (known?.outcome.kind === 'set-aside') {
    if (isSettled(known.outcome, file, reading)) throw new SetAside(known.outcome.reason);
    return undefined;
  }
  if (known?.outcome.kind !== 'picture' || !isSettled(known.outcome, file, reading)) return undefined;
  const { picture } = known.outcome;
  const digests = picture.frames.map(({ image }) => image.digest);
  return (await isStored(known, digests, blobs)) ? picture : undefined;
}

async function readNew(
  ordinal: number,
  file: string,
  identity: RawPicture['identity'],
  reading: FolderReading,
): Promise<RawPicture> {
  const decoded = await decode(file, identity, reading);
  const { header, rows, columns, pixelSpacingMm: spacingMm } = decoded;
  const keys = joinKeysOf(reading.key, file, header);
  const isLookedAt = reading.lookedAt.has(nameKey(file));
  if ((decoded.burnedIn ?? 'clean') !== 'clean' && !isLookedAt) {
    remember('burned-in', identity, reading, countedObject(keys, header.modality));
    reading.ledger.seriesWithText.add(keys.series);
    throw new SetAside('burned-in');
  }
  const frames = decoded.frames.map(({ place }) => ({ rows, columns, spacingMm: spacingMm ?? null, place }));
  const facts = await factsOf(ordinal, keys, frames, reading);
  const isSearched = isLookedAt || decoded.burnedIn !== undefined;
  return { kind: 'raw', file: decoded, keys, identity, isSearched, ...facts };
}

async function decode(file: string, identity: RawPicture['identity'], reading: FolderReading): Promise<DecodedFile> {
  const { pool, root, signal } = reading;
  let decoded: DecodedFile;
  try {
    decoded = await pool.read(join(root, file), signal, { searchText: reading.textCheck === 'full' });
  } catch (error) {
    throwIfStopped(signal);
    const code = errorCode(error);
    if (code === 'STOPPED') throw stopReason(signal);
    const reason = REASONS[code];
    if (reason === undefined) throw error;
    remember(reason, identity, reading);
    throw new SetAside(reason);
  }
  if (decoded.frames.length > 0 && decoded.frames.every(({ grey }) => allFinite(grey))) return decoded;
  remember('contradictory', identity, reading);
  throw new SetAside('contradictory');
}

function remember(
  reason: SetAsideReason,
  identity: RawPicture['identity'],
  { journal }: FolderReading,
  object?: ReturnType<typeof countedObject>,
): void {
  if (!OF_THE_MOMENT.has(reason)) journal.add(identity, { kind: 'set-aside', reason, object });
}

/** Everything that is said about the frames of one file. Throws SetAside. */
async function factsOf(ordinal: number, keys: JoinKeys, frames: readonly FrameGeometry[], reading: FolderReading) {
  const table = reading.join?.labelsOf(ordinal, keys);
  if (table && !table.isNamed && !reading.annotations) throw new SetAside('no-label');
  const objects = await annotationsOf(ordinal, keys, frames, reading);
  const labelled = await labelFrames(frames, table, objects, reading);
  if (table?.part === 'unknown') throw new SetAside('split-unknown');
  return { ordinal, labelled, part: table?.part, patientId: table?.patientId };
}

async function annotationsOf(
  ordinal: number,
  keys: JoinKeys,
  frames: readonly FrameGeometry[],
  { annotations, pool, root, ledger, signal }: FolderReading,
) {
  if (!annotations) return undefined;
  const scanned = await orUnreadable(pool.scan(join(root, ledger.files[ordinal]!), signal));
  return annotations.of({ ordinal, keys }, scanned, frames, signal);
}

function allFinite(values: Float32Array): boolean {
  for (const value of values) if (value - value !== 0) return false;
  return true;
}

async function orUnreadable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'STOPPED') throw error;
    throw new SetAside('unreadable');
  }
}
