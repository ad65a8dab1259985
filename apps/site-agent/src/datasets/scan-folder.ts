import { join } from 'node:path';
import type { DicomHeader, ScannedHeader, SlicePlace } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { throwIfStopped } from '../platform/stopping.js';
import { patientPseudonym } from './deidentify.js';
import { type FileIdentity, identityOf } from './file-identity.js';
import type { FolderReading } from './folder-reading.js';
import { inOrder } from './in-order.js';
import type { CountedObject, JournalOutcome } from './ingest-journal.js';
import { type NotAnImageReason, SetAside } from './ingest-ledger.js';
import { frameOfReferenceKey, type JoinKeys, joinKeysOf } from './keyed-hash.js';
import { APART, isApart } from './not-slices.js';
import { isSettled } from './settled.js';

const AT_ONCE = { items: 32, weight: 32, weigh: () => 1 };

/** Objects by modality that are about pictures and no pictures themselves. Source  DICOM PS3.3 C.7.3.1.1.1. */
const NO_PICTURES: ReadonlySet<string> = new Set(
  'SR PR KO SEG RTSTRUCT RTPLAN RTRECORD RTDOSE REG FID AU ECG EPS HD DOC PLAN ASMT RWV TEXTUREMAP STAIN'.split(' '),
);

/** What the first look at a file gave. */
export type Scan =
  | { readonly kind: 'kept'; readonly identity: FileIdentity; readonly outcome: JournalOutcome }
  | { readonly kind: 'scanned'; readonly identity: FileIdentity; readonly scanned: ScannedHeader }
  | { readonly kind: 'unreadable' }
  /** The reader of the pictures says why. */
  | { readonly kind: 'unscanned'; readonly identity: FileIdentity; readonly code: string };

export interface ScannedFolder {
  readonly pictures: readonly number[];
  /** What a picture takes in memory once it is read. */
  readonly decodedBytes: ReadonlyMap<number, number>;
  /** Files whose header could not be read, by the code of the error. They are among the pictures: their reader says why. */
  readonly refused: ReadonlyMap<string, number>;
}

/**
 * Looks at the header of every file: books what is set aside by it, and answers the numbers of the others. Files that the journal knows are not opened.
 *
 * Errors   STOPPED.
 */
export async function scanFolder(numbers: readonly number[], reading: FolderReading): Promise<ScannedFolder> {
  const pictures: number[] = [];
  const decodedBytes = new Map<number, number>();
  const refused = new Map<string, number>();
  let done = 0;
  const scans = inOrder(numbers, AT_ONCE, async (ordinal) => ({ ordinal, scan: await scanFile(ordinal, reading) }));
  for await (const { ordinal, scan } of scans) {
    throwIfStopped(reading.signal);
    const booked = book(ordinal, scan, reading);
    if (booked === 'picture') {
      pictures.push(ordinal);
      decodedBytes.set(ordinal, decodedBytesOf(scan));
    }
    if (scan.kind === 'unscanned') refused.set(scan.code, (refused.get(scan.code) ?? 0) + 1);
    done += 1;
    const setAside = done - pictures.length;
    reading.progress({ phase: 'headers', done, files: numbers.length, usable: pictures.length, setAside, kept: 0 });
  }
  return { pictures, decodedBytes, refused };
}

async function scanFile(ordinal: number, reading: FolderReading): Promise<Scan> {
  const file = reading.ledger.files[ordinal]!;
  let identity: FileIdentity;
  try {
    identity = await identityOf(reading.root, file, reading.key);
  } catch {
    return { kind: 'unreadable' };
  }
  const outcome = reading.journal.find(identity)?.outcome;
  if (outcome && outcome.kind !== 'mask' && isSettled(outcome, file, reading))
    return { kind: 'kept', identity, outcome };
  try {
    return { kind: 'scanned', identity, scanned: await reading.pool.scan(join(reading.root, file), reading.signal) };
  } catch (error) {
    throwIfStopped(reading.signal);
    if (error instanceof ConsiliumError) return { kind: 'unscanned', identity, code: error.code };
    throw error;
  }
}

function decodedBytesOf(scan: Scan): number {
  if (scan.kind === 'scanned') return scan.scanned.pixels * Float32Array.BYTES_PER_ELEMENT;
  return scan.kind === 'unscanned' ? scan.identity.sizeBytes * Float32Array.BYTES_PER_ELEMENT : 0;
}

/** Answers what the file is for the next pass, once it is booked if it is nothing. */
function book(ordinal: number, scan: Scan, reading: FolderReading): 'picture' | undefined {
  const { ledger } = reading;
  if (scan.kind === 'unreadable') {
    ledger.setAside(ordinal, 'unreadable');
    return undefined;
  }
  if (scan.kind === 'unscanned') return 'picture';
  if (scan.kind === 'kept') return bookKept(ordinal, scan.outcome, reading);
  const { header } = scan.scanned;
  const keys = joinKeysOf(reading.key, ledger.files[ordinal]!, header);
  ledger.objects.count(countedObject(keys, header.modality));
  const other = otherObject(scan.scanned);
  if (other !== undefined) {
    ledger.notAnImage(ordinal, other);
    if (other === 'annotation') reading.annotations?.add(keys, ordinal);
    return undefined;
  }
  const frameOfReference = frameOfReferenceKey(reading.key, scan.scanned.frameOfReferenceUid);
  return orBook(ordinal, reading, { keys, frameOfReference, places: scan.scanned.places }, () => {
    const { imageType, burnedInAnnotation, recognizableVisualFeatures } = scan.scanned.textFacts;
    const { kind = 'original' } = scan.scanned.holdsPixels ? scan.scanned : {};
    if (imageType.includes('LOCALIZER')) throw new SetAside('localizer');
    // What is derived is judged beside its series, once all of it is known.
    if (kind !== 'original' && kind !== 'derived' && isApart(kind, reading.derived)) throw new SetAside(APART[kind]);
    if (burnedInAnnotation === 'YES' || recognizableVisualFeatures === 'YES') {
      ledger.seriesWithText.add(keys.series);
      throw new SetAside('burned-in');
    }
    requireWanted(ordinal, keys, patientOf(header, reading), reading);
  });
}

function bookKept(ordinal: number, outcome: JournalOutcome, reading: FolderReading): 'picture' | undefined {
  const { ledger } = reading;
  if (outcome.kind === 'set-aside') {
    ledger.kept += 1;
    if (outcome.object) ledger.objects.count(outcome.object);
    if (outcome.reason === 'burned-in' && outcome.object) ledger.seriesWithText.add(outcome.object.series);
    ledger.setAside(ordinal, outcome.reason);
    return undefined;
  }
  if (outcome.kind === 'mask') return 'picture';
  const { keys, header, frameOfReference, frames } = outcome.picture;
  const places = frames.map(({ place }) => place);
  ledger.objects.count(countedObject(keys, header.modality));
  return orBook(ordinal, reading, { keys, frameOfReference, places }, () =>
    requireWanted(ordinal, keys, header.patient, reading),
  );
}

interface PlacedPicture {
  readonly keys: JoinKeys;
  readonly frameOfReference: string;
  readonly places: readonly (SlicePlace | null | undefined)[];
}

function orBook(
  ordinal: number,
  { ledger, annotations }: FolderReading,
  { keys, frameOfReference, places }: PlacedPicture,
  check: () => void,
): 'picture' | undefined {
  try {
    annotations?.slices.add(keys, frameOfReference, []);
    check();
    annotations?.slices.add(keys, frameOfReference, places);
    return 'picture';
  } catch (error) {
    if (!(error instanceof SetAside)) throw error;
    ledger.setAside(ordinal, error.reason);
    return undefined;
  }
}

/** Throws SetAside: patient-excluded, no-label, and those of the label table. */
function requireWanted(ordinal: number, keys: JoinKeys, patient: string | undefined, reading: FolderReading): void {
  const { excluded, key, join: table, annotations } = reading;
  if (patient !== undefined && excluded.has(patient)) throw new SetAside('patient-excluded');
  if (table === undefined) return;
  const { isNamed, patientId } = table.labelsOf(ordinal, keys);
  if (patientId !== undefined && excluded.size > 0 && excluded.has(patientPseudonym(patientId, key)))
    throw new SetAside('patient-excluded');
  if (!isNamed && annotations === undefined) throw new SetAside('no-label');
}

function patientOf(header: DicomHeader, { excluded, key }: FolderReading): string | undefined {
  return excluded.size === 0 || header.patientId === '' ? undefined : patientPseudonym(header.patientId, key);
}

function otherObject({ header }: ScannedHeader): NotAnImageReason | undefined {
  if (['SEG', 'RTSTRUCT', 'SR'].includes(header.modality)) return 'annotation';
  return NO_PICTURES.has(header.modality) ? 'other-object' : undefined;
}

/** The modality is text of the file: what is no code is counted as one. */
export function countedObject(keys: JoinKeys, modality: string): CountedObject {
  const { study, series, instance } = keys;
  return { study, series, instance, modality: /^[A-Z0-9_]{1,16}$/.test(modality) ? modality : '' };
}
