import { ConsiliumError } from '@consilium/errors';
import type { DataSet } from 'dicom-parser';
import type { InstanceReference } from '../annotations.js';
import { decimalsOf, itemsOf, unsignedOf } from '../elements.js';
import { planeOf, type SlicePlane } from '../geometry.js';
import { referencesIn } from '../references.js';

/** What one frame of a segmentation is about. */
export interface SegFrame {
  /** Undefined in a label map, where the values say it. */
  readonly segment: number | undefined;
  readonly sources: readonly InstanceReference[];
  /** Undefined where the object gives none: projections, slides. */
  readonly plane: SlicePlane | undefined;
}

const SHARED_GROUPS = 'x52009229';
const PER_FRAME_GROUPS = 'x52009230';

/**
 * The functional groups of every frame; a frame's own go before the shared ones.
 *
 * Errors   DICOM_INVALID, also when there are not as many groups as frames: then nobody knows what a frame is about.
 * Source   DICOM PS3.3 C.7.6.16.
 */
export function readSegFrames(dataSet: DataSet, frames: number, isLabelMap: boolean): SegFrame[] {
  const shared = itemsOf(dataSet, SHARED_GROUPS)[0];
  const perFrame = itemsOf(dataSet, PER_FRAME_GROUPS);
  if (perFrame.length !== frames) throw new ConsiliumError('DICOM_INVALID', { frames, groups: perFrame.length });
  return perFrame.map((own) => readFrame(own, shared, isLabelMap));
}

function readFrame(own: DataSet, shared: DataSet | undefined, isLabelMap: boolean): SegFrame {
  const group = (tag: string): DataSet | undefined => itemsOf(own, tag)[0] ?? (shared && itemsOf(shared, tag)[0]);
  const all = (tag: string) => (tag in own.elements || shared === undefined ? itemsOf(own, tag) : itemsOf(shared, tag));
  const identification = group('x0062000a');
  return {
    segment: isLabelMap || identification === undefined ? undefined : unsignedOf(identification, 'x0062000b'),
    sources: all('x00089124').flatMap((derivation) => referencesIn(derivation, 'x00082112')),
    plane: readPlane(group),
  };
}

function readPlane(group: (tag: string) => DataSet | undefined): SlicePlane | undefined {
  const numbers = (sequence: string, tag: string) => {
    const item = group(sequence);
    return item === undefined ? [] : decimalsOf(item, tag);
  };
  const position = numbers('x00209113', 'x00200032');
  const orientation = numbers('x00209116', 'x00200037');
  const spacing = numbers('x00289110', 'x00280030');
  if (position.length === 0 || orientation.length === 0 || spacing.length === 0) return undefined;
  return planeOf(position, orientation, spacing);
}
