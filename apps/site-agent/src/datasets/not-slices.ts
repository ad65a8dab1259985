import { type Apart, apartInSeries, type PictureKind } from '@consilium/dicom';
import type { DerivedUse, StoredPicture } from './image.js';
import type { SetAsideReason } from './ingest-ledger.js';

export const APART: Readonly<Record<Apart, SetAsideReason>> = {
  mosaic: 'mosaic',
  projection: 'projection',
  'screen-save': 'screen-save',
  localizer: 'localizer',
  derived: 'derived-in-series',
};

/** A person may want what is derived as examples; a localizer is none for anybody. */
export function isApart(kind: Apart, derived: DerivedUse): boolean {
  return kind === 'localizer' || derived === 'set-aside';
}

/** Knows of every picture what it is, and says at the end which are no slices of their series. */
export class NotSlices {
  private readonly series = new Map<string, { ordinal: number; frame: number; kind: PictureKind }[]>();

  constructor(private readonly derived: DerivedUse) {}

  add(ordinal: number, { header, frames }: StoredPicture): void {
    for (const [frame, { acquisition }] of frames.entries()) {
      const kind = acquisition?.kind;
      if (kind === undefined) continue;
      const own = this.series.get(header.series) ?? [];
      own.push({ ordinal, frame, kind });
      this.series.set(header.series, own);
    }
  }

  /** Number of the file -> frame, from 0 -> why. */
  found(): Map<number, Map<number, SetAsideReason>> {
    const found = new Map<number, Map<number, SetAsideReason>>();
    for (const own of this.series.values())
      for (const [at, why] of apartInSeries(own.map(({ kind }) => kind))) {
        const { ordinal, frame } = own[at]!;
        if (isApart(why, this.derived)) found.set(ordinal, (found.get(ordinal) ?? new Map()).set(frame, APART[why]));
      }
    return found;
  }
}
