import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import type { AnnotatedPicture } from '../decoding/annotate-pictures.js';
import { identityOf } from './file-identity.js';
import type { FolderReading } from './folder-reading.js';
import type { FrameLabel, MaskFact } from './image.js';
import { isStored } from './ingest-journal.js';
import { SetAside, type SetAsideReason } from './ingest-ledger.js';
import { nameKey } from './keyed-hash.js';
import type { FileLabels } from './label-join.js';
import { readMask } from './mask.js';
import type { FrameGeometry } from './study-annotations.js';

const LARGEST_MASK_BYTES = 64 * 2 ** 20;

/** Any other is a mask that cannot be read. */
const MASK_PROBLEMS: Readonly<Partial<Record<ErrorCode, SetAsideReason>>> = {
  MASK_SIZE_MISMATCH: 'mask-size',
  MASK_MANY_VALUED: 'mask-many-valued',
  MASK_IN_ALPHA: 'mask-in-alpha',
  ANNOTATION_READINGS_DIFFER: 'two-readings',
};

/**
 * What is said of each frame of a file: by the label table, and where it is silent by the label objects. A frame that cannot
 * be used is counted as left out where others of its file can.
 *
 * Throws SetAside when no frame is left, with the reason of the first.
 */
export async function labelFrames(
  frames: readonly FrameGeometry[],
  table: FileLabels | undefined,
  objects: readonly AnnotatedPicture[] | undefined,
  reading: FolderReading,
): Promise<FrameLabel[]> {
  const labelled: FrameLabel[] = [];
  const leftOut: SetAsideReason[] = [];
  for (const [frame, geometry] of frames.entries()) {
    try {
      labelled.push(await labelFrame(frame, frames.length, geometry, table, objects?.[frame], reading));
    } catch (error) {
      if (!(error instanceof SetAside)) throw error;
      leftOut.push(error.reason);
    }
  }
  if (labelled.length === 0) throw new SetAside(leftOut[0]!);
  for (const reason of leftOut) reading.ledger.leaveOutFrame(reason);
  return labelled;
}

async function labelFrame(
  frame: number,
  frameCount: number,
  geometry: FrameGeometry,
  table: FileLabels | undefined,
  object: AnnotatedPicture | undefined,
  reading: FolderReading,
): Promise<FrameLabel> {
  const said = table?.ofFrame(frame);
  const label = said?.label ?? labelOfObject(object, reading);
  requireKnown(label, reading);
  const mask =
    said?.mask === undefined ? maskOfObject(object) : await maskOfFile(said.mask, frameCount, geometry, reading);
  if (label === undefined && mask === undefined && (table || reading.annotations)) throw new SetAside(missing(reading));
  return { frame, label, mask };
}

function missing({ join: table, annotations }: FolderReading): SetAsideReason {
  const wantsMasks = table ? table.table.hasMasks && !table.table.hasLabels : false;
  return wantsMasks && !annotations ? 'mask-missing' : 'no-label';
}

function requireKnown(label: string | undefined, { classes }: FolderReading): void {
  if (label !== undefined && classes && !classes.has(label)) throw new SetAside('unknown-class');
}

/** Masks that contradict each other are no label, and are set aside as masks: only reports have to agree here. */
function labelOfObject(object: AnnotatedPicture | undefined, { labelsFrom }: FolderReading): string | undefined {
  if (object?.labelProblem !== undefined && labelsFrom === 'sr') throw new SetAside('label-repeated');
  return object?.label;
}

function maskOfObject(object: AnnotatedPicture | undefined): MaskFact | undefined {
  if (object?.maskProblem !== undefined) throw new SetAside(MASK_PROBLEMS[object.maskProblem] ?? 'mask-unreadable');
  return object?.mask && { kind: 'read', pixels: object.mask, identity: undefined };
}

async function maskOfFile(
  file: string,
  frameCount: number,
  { rows, columns }: FrameGeometry,
  reading: FolderReading,
): Promise<MaskFact> {
  // One picture cannot be the mask of several frames; and a table cannot point outside the folder.
  const found = reading.found.get(nameKey(file));
  if (frameCount > 1 || !found?.isRegular) throw new SetAside('mask-missing');
  const { root, key, journal, blobs } = reading;
  const path = join(root, found.file);
  try {
    const identity = await identityOf(root, found.file, key);
    const known = journal.find(identity);
    const stored = known?.outcome.kind === 'mask' ? known.outcome : undefined;
    if (
      stored &&
      stored.rows === rows &&
      stored.columns === columns &&
      (await isStored(known!, [stored.digest], blobs))
    )
      return { kind: 'stored', digest: stored.digest };
    if ((await stat(path)).size > LARGEST_MASK_BYTES) throw new SetAside('mask-unreadable');
    return { kind: 'read', pixels: readMask(await readFile(path), rows, columns), identity };
  } catch (error) {
    if (error instanceof SetAside) throw error;
    throw new SetAside((error instanceof ConsiliumError && MASK_PROBLEMS[error.code]) || 'mask-unreadable');
  }
}
