import { type AnnotationPart, type Structure, structureKey } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { AnnotationSummary } from '../decoding/annotate-pictures.js';
import type { IngestLedger } from './ingest-ledger.js';
import { frameOfReferenceKey, type JoinKeys, joinKey } from './keyed-hash.js';
import type { SeriesSlices } from './series-slices.js';

/** A label object of the folder, as its file says. */
export interface LabelObjectFile {
  readonly ordinal: number;
  readonly keys: JoinKeys;
  readonly summary: AnnotationSummary;
}

/** Which pictures a label object is asked about, and how. */
export interface PlacedLabelObject {
  readonly ordinal: number;
  /** Studies whose pictures it is asked about, as it names them. */
  readonly studies: ReadonlySet<string>;
  /** The one series that it is placed in by its place. */
  readonly series: string | undefined;
  readonly coversAll: boolean;
}

interface Found extends LabelObjectFile, PlacedLabelObject {
  /** What it speaks of: pictures where it names them, else series. */
  readonly pictures: ReadonlySet<string>;
  readonly seriesMet: ReadonlySet<string>;
}

export interface PlacingTools {
  readonly slices: SeriesSlices;
  readonly ledger: IngestLedger;
  readonly key: Uint8Array;
}

/**
 * Finds the pictures of each label object: those that it names or, where it names none that is here, the one series of its
 * patient in whose frame of reference and planes it lies. What cannot be told is set aside with the question.
 */
export function placeLabelObjects(
  files: readonly LabelObjectFile[],
  { structure, takesNewest }: { readonly structure: string | undefined; readonly takesNewest: boolean },
  tools: PlacingTools,
): PlacedLabelObject[] {
  const found = files.flatMap((file) => placeOne(file, structure, tools) ?? []);
  if (!takesNewest) return found;
  return found.filter((object) => {
    const newer = found.find((other) => isNewer(other, object) && speakOfOne(other, object));
    if (newer === undefined) return true;
    tools.ledger.setAside(object.ordinal, 'annotation-superseded');
    tools.ledger.because.set(object.ordinal, newer.ordinal);
    return false;
  });
}

/**
 * A mask is of one structure. Errors  ANNOTATION_STRUCTURE_UNCHOSEN, with what there is to choose from: where several are
 * marked and none is chosen, and where none is marked that has the name that was chosen.
 */
export function requireOneStructure(files: readonly LabelObjectFile[], structure: string | undefined): void {
  const known = new Map(
    files.flatMap(({ summary }) => summary.structures.map((one) => [structureKey(one), one] as const)),
  );
  if (known.size === 0) return;
  const isChosen = [...known.values()].some((one) => isNamed(one, structure));
  if (structure === undefined ? known.size === 1 : isChosen) return;
  const list = namesOf([...known.values()])
    .map((name) => `${name} (in ${counted(files, name)})`)
    .join(', ');
  const problem =
    structure === undefined
      ? `choose one with --structure NAME: ${list}`
      : `none is called ${structure}, choose with --structure one of: ${list}`;
  throw new ConsiliumError('ANNOTATION_STRUCTURE_UNCHOSEN', { problem });
}

/** By its label, the meaning of its code or the code's value, in any case. */
function isNamed({ label, code }: Structure, structure: string | undefined): boolean {
  if (structure === undefined) return true;
  return [label, code?.meaning, code?.value].some((text) => text?.toLowerCase() === structure.toLowerCase());
}

/** What to choose by: labels, and the meaning of a code where structures of several labels share it. */
function namesOf(structures: readonly Structure[]): string[] {
  const labels = structures.map(({ label, code }) => label || code?.meaning || code?.value || '(without a name)');
  const meanings = Map.groupBy(structures, ({ code }) => code?.meaning ?? '');
  const shared = [...meanings].filter(([meaning, own]) => meaning !== '' && own.length > 1).map(([meaning]) => meaning);
  return [...new Set([...shared, ...labels])];
}

function counted(files: readonly LabelObjectFile[], name: string): string {
  const count = files.filter(({ summary }) => summary.structures.some((one) => isNamed(one, name))).length;
  return `${count} ${count === 1 ? 'object' : 'objects'}`;
}

/** Undefined where it is set aside. */
function placeOne(file: LabelObjectFile, structure: string | undefined, tools: PlacingTools): Found | undefined {
  const { ordinal, keys, summary } = file;
  const { slices, ledger, key } = tools;
  const instances = new Map(
    [...new Set(summary.references.map(({ sopInstanceUid }) => sopInstanceUid))].map((uid) => [
      uid,
      joinKey(key, 'instance', uid),
    ]),
  );
  const here = [...instances].flatMap(([uid, instance]) => {
    const series = slices.ofInstance(instance);
    return series ? [{ uid, series }] : [];
  });
  const parts = summary.parts.filter((part) => isOf(part, summary.structures, structure));
  if (here.length > 0 || summary.kind === 'sr' || (summary.references.length === 0 && slices.hasStudy(keys.study))) {
    const frames = slices.inFrames(framesOf(file, key)).filter(({ study }) => study === keys.study);
    const names = new Set(here.map(({ uid }) => uid));
    bookUnmet(ordinal, ledger, parts, ({ sources, pointsMm }) =>
      sources.length > 0
        ? sources.some(({ sopInstanceUid }) => names.has(sopInstanceUid))
        : pointsMm.length === 0 || frames.some((series) => slices.fits(series.key, pointsMm)),
    );
    return {
      ...{ ...file, series: undefined, coversAll: false },
      studies: new Set([keys.study, ...here.map(({ series }) => series.study)]),
      pictures: new Set(picturesOf(file, names)),
      seriesMet: new Set([
        ...here.map(({ series }) => series.key),
        ...(here.length === 0 ? frames.map((s) => s.key) : []),
      ]),
    };
  }
  return placeByPlace(file, parts, instances.size, tools);
}

function placeByPlace(
  file: LabelObjectFile,
  parts: readonly AnnotationPart[],
  named: number,
  { slices, ledger, key }: PlacingTools,
): Found | undefined {
  const { ordinal, keys } = file;
  const placed = parts.filter(({ pointsMm }) => pointsMm.length > 0);
  const series = slices
    .inFrames(framesOf(file, key))
    .filter(({ patient }) => patient === keys.patient)
    .map((one) => ({ key: one.key, met: placed.filter(({ pointsMm }) => slices.fits(one.key, pointsMm)).length }))
    .filter(({ met }) => met > 0);
  const most = Math.max(0, ...series.map(({ met }) => met));
  const best = series.filter(({ met }) => met === most);
  if (best.length !== 1) {
    ledger.setAside(ordinal, best.length === 0 ? 'annotation-elsewhere' : 'annotation-of-several');
    return undefined;
  }
  const target = best[0]!.key;
  ledger.notAnImage(ordinal, 'annotation-by-place');
  bookUnmet(ordinal, ledger, parts, ({ pointsMm }) => slices.fits(target, pointsMm));
  const coversAll = named >= slices.slicesOf(target);
  const only = {
    series: target,
    studies: new Set<string>(),
    pictures: new Set<string>(),
    seriesMet: new Set([target]),
  };
  return { ...file, ...only, coversAll };
}

function framesOf({ summary }: LabelObjectFile, key: Uint8Array): ReadonlySet<string> {
  return new Set(summary.frameOfReferenceUids.filter((uid) => uid !== '').map((uid) => frameOfReferenceKey(key, uid)));
}

/** A part of a label map may be of any structure. */
function isOf(part: AnnotationPart, structures: readonly Structure[], structure: string | undefined): boolean {
  const own = structures.find(({ number }) => number === part.structure);
  return own === undefined || isNamed(own, structure);
}

function bookUnmet(
  ordinal: number,
  ledger: IngestLedger,
  parts: readonly AnnotationPart[],
  isMet: (part: AnnotationPart) => boolean,
): void {
  const unmet = parts.filter((part) => !isMet(part)).length;
  if (unmet > 0) ledger.partsWithoutPicture.set(ordinal, { unmet, parts: parts.length });
}

function picturesOf({ summary }: LabelObjectFile, names: ReadonlySet<string>): string[] {
  return summary.references.flatMap(({ sopInstanceUid: uid, frames }) =>
    names.has(uid) ? (frames ?? [0]).map((frame) => `${uid} ${frame}`) : [],
  );
}

function isNewer(one: Found, other: Found): boolean {
  return other.summary.made !== '' && one.summary.made > other.summary.made;
}

function speakOfOne(a: Found, b: Found): boolean {
  const [x, y] = a.pictures.size > 0 && b.pictures.size > 0 ? [a.pictures, b.pictures] : [a.seriesMet, b.seriesMet];
  return [...x].some((one) => y.has(one));
}
