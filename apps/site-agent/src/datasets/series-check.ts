import { type Slice, stackSlices } from '@consilium/dicom';
import type { StoredPicture } from './image.js';

/** Series that are slices of a patient, and how many of them have something that a person should know. */
export interface VolumeCounts {
  readonly series: number;
  /** Kind of finding (packages/dicom, geometry-findings) -> series that have it. */
  readonly findings: Readonly<Record<string, number>>;
}

/** Of a picture by itself, or of numbers that are not kept: nothing that a volume lacks. */
const NO_LACK: ReadonlySet<string> = new Set(['no-place', 'single-slice', 'two-slices', 'numbers-out-of-order']);

/** Looks whether the slices of each series make whole volumes; `consilium dicom volumes` says of each what is wrong. */
export class SeriesCheck {
  private readonly slices = new Map<string, Slice[]>();

  add({ header, rows, columns, spacingMm, frames, instanceNumber }: StoredPicture): void {
    for (const [frame, { place, acquisition }] of frames.entries()) {
      if (place === null) continue;
      const own = this.slices.get(header.series) ?? [];
      own.push({
        ...{ place, rows, columns, pixelSpacingMm: spacingMm ?? undefined },
        instanceNumber: frames.length > 1 ? frame + 1 : instanceNumber,
        acquisition: acquisition ?? undefined,
      });
      this.slices.set(header.series, own);
    }
  }

  counts(): VolumeCounts {
    const findings: Record<string, number> = {};
    let series = 0;
    for (const slices of this.slices.values()) {
      if (slices.length < 2) continue;
      series += 1;
      const geometry = stackSlices(slices);
      const kinds = new Set([geometry, ...geometry.stacks].flatMap((found) => found.findings.map(({ kind }) => kind)));
      for (const kind of kinds) if (!NO_LACK.has(kind)) findings[kind] = (findings[kind] ?? 0) + 1;
    }
    return { series, findings };
  }
}
