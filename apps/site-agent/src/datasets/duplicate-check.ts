import { sha256Hex } from '@consilium/tensors';
import type { DatasetIndex, IndexExample, StoredPixels } from './dataset-index.js';
import type { StoredFrame, StoredPicture } from './image.js';
import type { SetAsideReason } from './ingest-ledger.js';
import { seriesCopies } from './series-copies.js';
import { positionAlongNormalMm } from './slice-position.js';

/** What is said of one frame, of a file that is read or of an example that there is. */
export interface SaidOfFrame {
  /** From 0. */
  readonly frame: number;
  readonly label: string | null;
  /** Digest. */
  readonly mask: string | null;
}

/** A picture as far as copies go: short texts, no pixels. */
export interface SeenPicture {
  /** Number of its file; undefined for a picture of the version before. */
  readonly ordinal: number | undefined;
  readonly instance: string;
  readonly patient: string;
  readonly series: string;
  /** Of each frame. */
  readonly pixels: readonly string[];
  readonly isBlank: boolean;
  /** What pictures of one place have in common; several ways to say it, none where the file does not say. */
  readonly keys: readonly string[];
  /** As the file itself says, before any label table, and where it lies; undefined and '' where it is not known. */
  readonly own: { readonly patient: string | undefined; readonly place: string };
  readonly said: readonly SaidOfFrame[];
  /** Of a slice: its place, for comparing whole series. */
  readonly slice: string | undefined;
}

export interface Verdict {
  readonly reason: SetAsideReason;
  /** The number of another file that it is about. */
  readonly other: number | undefined;
}

export interface Verdicts {
  /** By the number of the file. */
  readonly files: ReadonlyMap<number, Verdict>;
  /** Objects of the version before that are contradicted now. */
  readonly ofBase: ReadonlySet<string>;
}

/**
 * Finds pictures that are there more than once. A copy is the same object with the same pixels; or the same pixels at the same place: of a
 * film (without a place in space) anywhere, of a slice in its series or frame of reference. An equal slice elsewhere is one only where
 * all that the two series show is equal: pictures of nothing are equal everywhere. Of copies one is kept, unless labels or masks
 * contradict each other: then none is, and none of several pictures that share one SOP Instance UID.
 */
export class DuplicateCheck {
  private readonly seen: SeenPicture[];

  constructor(base: DatasetIndex | undefined) {
    this.seen = base ? seenOfBase(base) : [];
  }

  add(picture: SeenPicture): void {
    this.seen.push(picture);
  }

  verdicts(): Verdicts {
    const files = new Map<number, Verdict>();
    const ofBase = new Set<string>();
    const out = (group: readonly SeenPicture[], reason: SetAsideReason) => {
      for (const { ordinal, instance } of group) {
        const other = group.find((one) => one.ordinal !== undefined && one.ordinal !== ordinal)?.ordinal;
        if (ordinal === undefined) ofBase.add(instance);
        else files.set(ordinal, { reason, other });
      }
    };
    const single: SeenPicture[] = [];
    for (const own of Map.groupBy(this.seen, ({ instance }) => instance).values())
      if (own.every((picture) => isSameObject(own[0]!, picture))) single.push(...own);
      else out(own, 'uid-of-two-pictures');
    const kept: SeenPicture[] = [];
    for (const group of groupsOf(single)) {
      if (group.some((one, at) => group.slice(0, at).some((other) => contradicts(one, other)))) {
        out(group, 'label-contradicted');
        continue;
      }
      const best = mostSaid(group);
      kept.push(best);
      for (const { ordinal } of group)
        if (ordinal !== undefined && ordinal !== best.ordinal)
          files.set(ordinal, { reason: 'duplicate', other: best.ordinal });
    }
    const series = Map.groupBy(kept, seriesOf);
    const telling = [...series.values()].map((own) => own.filter(({ slice }) => slice !== undefined));
    for (const { gone, stays } of seriesCopies(telling.filter((own) => own.length > 0))) {
      if (gone.some((one, at) => contradicts(one, stays[at]!))) {
        out(
          [gone, stays].flatMap(([one]) => series.get(seriesOf(one!))!),
          'label-contradicted',
        );
        continue;
      }
      const others = new Map(gone.map((one, at) => [one, stays[at]!.ordinal]));
      for (const one of series.get(seriesOf(gone[0]!))!)
        if (one.ordinal !== undefined)
          files.set(one.ordinal, { reason: 'duplicate', other: others.get(one) ?? stays[0]!.ordinal });
    }
    return { files, ofBase };
  }
}

function isSameObject(a: SeenPicture, b: SeenPicture): boolean {
  const isOther = (one: string | undefined, two: string | undefined) => one && two && one !== two;
  if (isOther(a.own.patient, b.own.patient) || isOther(a.own.place, b.own.place)) return false;
  // Of an object of the version before only the frames are known that were examples.
  return a.pixels.every((digest, frame) => digest === '' || !b.pixels[frame] || digest === b.pixels[frame]);
}

/** Two words for one thing; silence contradicts nothing. */
function contradicts(a: SeenPicture, b: SeenPicture): boolean {
  return a.said.some(({ frame, label, mask }) => {
    const other = b.said.find((said) => said.frame === frame);
    const differs = (one: string | null, two: string | null) => one !== null && two !== null && one !== two;
    return other !== undefined && (differs(label, other.label) || differs(mask, other.mask));
  });
}

/** The version before goes first; else the first of those of which most is said. */
function mostSaid(group: readonly SeenPicture[]): SeenPicture {
  const words = ({ ordinal, said }: SeenPicture) =>
    said.reduce((sum, { label, mask }) => sum + Number(label !== null) + Number(mask !== null), 0) +
    (ordinal === undefined ? Number.MAX_SAFE_INTEGER : 0);
  return group.reduce((best, one) => (words(one) > words(best) ? one : best));
}

/** Pictures that have a key in common, and those that have one in common with them. */
function groupsOf(pictures: readonly SeenPicture[]): SeenPicture[][] {
  const groups = new Map<string, SeenPicture[]>();
  for (const picture of pictures) {
    const keys = [`object ${picture.instance}`, ...picture.keys];
    const joined = new Set(keys.flatMap((key) => groups.get(key) ?? []));
    const known = [...new Set(keys.map((key) => groups.get(key)).filter((group) => group !== undefined))];
    const group = known[0] ?? [];
    if (known.length > 1) {
      group.splice(0, group.length, ...joined);
      const others = new Set(known.slice(1));
      for (const [key, own] of groups) if (others.has(own)) groups.set(key, group);
    }
    group.push(picture);
    for (const key of keys) groups.set(key, group);
  }
  const order = new Map(pictures.map((picture, at) => [picture, at]));
  return [...new Set(groups.values())].map((group) => group.toSorted((a, b) => order.get(a)! - order.get(b)!));
}

function seriesOf({ patient, series }: SeenPicture): string {
  return `${patient} ${series}`;
}

/** Films: a place that they have is the detector's, and a copy is one without it too. */
const FILMS: ReadonlySet<string> = new Set(['CR', 'DX', 'DR', 'MG', 'RG', 'RF', 'XA', 'PX', 'IO', 'XC']);
/** Where a place is missing, their numbers tell slices apart. */
const SECTIONS: ReadonlySet<string> = new Set(['CT', 'MR', 'PT']);

/** A picture that was read. `patient` is the one that the label table names, where it does. */
export function seenPicture(
  ordinal: number,
  patient: string,
  { header, rows, columns, frames, frameOfReference, instanceNumber }: StoredPicture,
  said: readonly SaidOfFrame[],
): SeenPicture {
  const pixels = frames.map(({ image }) => pixelsText(rows, columns, image));
  const isBlank = frames.every(({ image }) => isUniform(rows, columns, image));
  const content = pixels.length === 1 ? pixels[0]! : sha256Hex(new TextEncoder().encode(pixels.join(' ')));
  const isFilm = FILMS.has(header.modality);
  const places = frames.map(({ place }) => placeText(place));
  const place = !isFilm && places.every((one) => one !== '') ? places.join(' ') : undefined;
  const { instance, series } = header;
  const at = place === undefined ? '' : sha256Hex(new TextEncoder().encode(place)).slice(0, 32);
  const keys: string[] = [];
  if (place !== undefined) {
    keys.push(`slice ${content} ${at} ${patient} ${series}`);
    if (frameOfReference !== '') keys.push(`slice ${content} ${at} ${patient} ${frameOfReference}`);
    const [first] = frames;
    if (frames.length === 1 && !isBlank)
      keys.push(baseKey(content, positionAlongNormalMm(first!.place!), patient, series));
  } else if (!isBlank) {
    // Sections without a place are told apart by their numbers.
    const number = frames.length === 1 && SECTIONS.has(header.modality) ? (instanceNumber ?? '') : '';
    keys.push(`film ${content} ${number}`);
  }
  const own = { patient: header.patient, place: at };
  const slice = place === undefined || isBlank ? undefined : `${at} ${content}`;
  return { ordinal, instance, patient, series, pixels, isBlank, keys, own, said, slice };
}

function seenOfBase({ examples }: DatasetIndex): SeenPicture[] {
  const objects = Map.groupBy(examples, ({ id }) => id.split('-')[0]!);
  return [...objects].map(([instance, own]) => {
    const [first] = own as [IndexExample];
    const { patient, series = '', rows, columns } = first;
    const pixels: string[] = [];
    const said: SaidOfFrame[] = [];
    for (const { id, label, mask, image } of own) {
      const frame = Number(id.split('-')[1] ?? 1) - 1;
      pixels[frame] = pixelsText(rows, columns, image);
      said.push({ frame, label, mask });
    }
    const isSingle = !first.id.includes('-');
    const isBlank = own.every(({ image }) => isUniform(rows, columns, image));
    const { positionMm, modality } = first;
    const isSlice = !FILMS.has(modality) && typeof positionMm === 'number';
    const key = isSlice ? baseKey(pixels[0]!, positionMm, patient, series) : `film ${pixels[0]} `;
    const keys = isSingle && !isBlank ? [key] : [];
    const known = Array.from(pixels, (digest) => digest ?? '');
    const unknown = { ordinal: undefined, own: { patient: undefined, place: '' }, slice: undefined };
    return { ...unknown, instance, patient, series, pixels: known, isBlank, keys, said };
  });
}

/** What a slice of the version before has in common with a copy: where it lies is known along its normal only. */
function baseKey(content: string, positionMm: number, patient: string, series: string): string {
  return `base ${content} ${positionMm} ${patient} ${series}`;
}

function pixelsText(rows: number, columns: number, image: StoredPixels): string {
  return `${rows}x${columns} ${image.kind === 'uint16' ? image.offset : 'f'} ${image.digest.slice(0, 32)}`;
}

const uniform = new Map<number, string>();

/** Whole numbers are kept as what they are above the least: of equal ones nothing but zeros is left. */
function isUniform(rows: number, columns: number, image: StoredPixels): boolean {
  if (image.kind !== 'uint16') return false;
  const bytes = 2 * rows * columns;
  const zeros = uniform.get(bytes) ?? sha256Hex(new Uint8Array(bytes));
  uniform.set(bytes, zeros);
  return image.digest === zeros;
}

const PER_MM = 100;

function placeText(place: StoredFrame['place']): string {
  if (!place) return '';
  const { positionMm, orientation } = place;
  return [...positionMm, ...orientation].map((value) => Math.round(value * PER_MM) + 0).join(',');
}
