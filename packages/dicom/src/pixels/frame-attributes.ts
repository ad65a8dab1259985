import { ConsiliumError } from '@consilium/errors';
import { normalOf, type SlicePlace } from '../geometry/slice.js';
import { textOf } from '../parsing/header.js';
import type { ElementSource, ParsedDicom } from '../parsing/parse.js';
import { decimals, firstItem, itemsOf } from '../parsing/values.js';

export interface VoiWindow {
  readonly center: number;
  readonly width: number;
  readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
}

/** What may differ from frame to frame of an enhanced object; of a plain one, what its header says. */
export interface FrameAttributes {
  readonly rescaleSlope: number;
  readonly rescaleIntercept: number;
  /** In modality values; the first one, if the file has several. */
  readonly window: VoiWindow | undefined;
  /** Of the patient, or of the detector where the file has only that. */
  readonly pixelSpacingMm: { readonly row: number; readonly column: number } | undefined;
  /** Undefined where the file does not say: projections, ultrasound. */
  readonly place: SlicePlace | undefined;
}

/**
 * Looks each attribute up where enhanced objects have it: in the functional groups of the frame, then in those of all
 * frames, then in the header itself.
 *
 * Errors   DICOM_INVALID.
 * Source   DICOM PS3.3 C.7.6.16 (functional groups), C.8.8.3.2 (grid frame offsets of doses).
 */
export function readFrameAttributes(parsed: ParsedDicom, frames: number): (index: number) => FrameAttributes {
  const ofFrames = itemsOf(parsed, 'x52009230');
  const ofAll = firstItem(parsed, 'x52009229');
  const offsets = decimals(parsed, 'x3004000c');
  const group = (index: number, tag: string) => {
    const own = ofFrames[index];
    return (own && firstItem(own, tag)) ?? (ofAll && firstItem(ofAll, tag));
  };
  return (index) => {
    const voi = group(index, 'x00289132');
    return {
      ...readRescale(group(index, 'x00289145') ?? parsed),
      window: (voi && readWindow(voi)) ?? readWindow(parsed),
      pixelSpacingMm: readSpacing(parsed, group(index, 'x00289110')),
      place: readPlace(parsed, group(index, 'x00209113'), group(index, 'x00209116'), frames, offsets[index]),
    };
  };
}

/** Doses have their slope under a name of its own (PS3.3 C.8.8.3.2): their values are in Gy then. */
function readRescale(source: ElementSource): Pick<FrameAttributes, 'rescaleSlope' | 'rescaleIntercept'> {
  const rescaleSlope = decimals(source, 'x00281053')[0] ?? decimals(source, 'x3004000e')[0] ?? 1;
  const rescaleIntercept = decimals(source, 'x00281052')[0] ?? 0;
  if (rescaleSlope === 0) throw new ConsiliumError('DICOM_INVALID', { rescaleSlope });
  return { rescaleSlope, rescaleIntercept };
}

function readWindow(source: ElementSource): VoiWindow | undefined {
  const center = decimals(source, 'x00281050')[0];
  const width = decimals(source, 'x00281051')[0];
  if (center === undefined || width === undefined || width <= 0) return undefined;
  const name = textOf(source, 'x00281056');
  return { center, width, shape: name === 'LINEAR_EXACT' || name === 'SIGMOID' ? name : 'LINEAR' };
}

/** Pixel Spacing is measured in the patient, Imager Pixel Spacing at the detector: the second one only stands in. */
function readSpacing(parsed: ParsedDicom, measures: ElementSource | undefined): FrameAttributes['pixelSpacingMm'] {
  const candidates = [
    measures && decimals(measures, 'x00280030'),
    ...['x00280030', 'x00181164'].map((tag) => decimals(parsed, tag)),
  ];
  for (const [row, column] of candidates.filter((values) => values !== undefined)) {
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { row, column };
  }
  return undefined;
}

function readPlace(
  parsed: ParsedDicom,
  positionGroup: ElementSource | undefined,
  orientationGroup: ElementSource | undefined,
  frames: number,
  gridOffsetMm: number | undefined,
): SlicePlace | undefined {
  const position = decimals(positionGroup ?? parsed, 'x00200032');
  const orientation = decimals(orientationGroup ?? parsed, 'x00200037');
  if (position.length !== 3 || orientation.length !== 6) return undefined;
  const place = { positionMm: position, orientation } as unknown as SlicePlace;
  if (positionGroup !== undefined || frames === 1) return place;
  // The header's position is that of the first frame; only doses say where the others are.
  return gridOffsetMm === undefined ? undefined : moved(place, gridOffsetMm);
}

function moved(place: SlicePlace, byMm: number): SlicePlace {
  const [x, y, z] = place.positionMm;
  const [dx, dy, dz] = normalOf(place);
  return { ...place, positionMm: [x + dx * byMm, y + dy * byMm, z + dz * byMm] };
}
