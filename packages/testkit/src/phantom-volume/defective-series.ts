import {
  type DataSet,
  type ImagePlane,
  type SliceFields,
  sliceDataSet,
  uidFromName,
  writeDataSet,
} from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import type { PhantomSeries } from './volume-study.js';

/** What may be wrong with a series although each of its slices is good. */
export const SERIES_DEFECTS = {
  'missing-slice': 'a slice in the middle is not there',
  'repeated-slice': 'a slice is there twice, under two instance UIDs',
  'uneven-spacing': 'from the middle on every second slice is left out',
  'shuffled-numbers': 'instance numbers say nothing of the order: only positions do',
  'tilted-gantry': 'slices lie at a slant to the direction in which they follow each other',
  'two-directions': 'one slice is turned against the others',
  'two-sizes': 'one slice has a row less',
  'no-position': 'one slice does not say where it lies',
} as const;

export type SeriesDefect = keyof typeof SERIES_DEFECTS;

/** A slice of a defective series, and which one of the good series it was. */
export interface DefectiveSlice {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly from: number;
}

const TILT = Math.PI / 12;

/** The series with one defect, as another patient's; the order is that of the files. Needs eight slices or more. */
export function defectiveSeries(series: PhantomSeries, defect: SeriesDefect): DefectiveSlice[] {
  const count = series.source.images.length;
  if (count < 8) throw new ConsiliumError('CONFIG_INVALID', { slices: count });
  const middle = Math.floor(count / 2);
  return placesOf(defect, count).map((from, place) => {
    const fields = renamed(series.sliceAt(from), defect, place);
    const isOdd = from === middle;
    const dataSet = sliceDataSet(spoilt(fields, defect, isOdd, place));
    const without: DataSet = { ...dataSet, ImagePositionPatient: undefined, SliceLocation: undefined };
    return {
      bytes: writeDataSet(defect === 'no-position' && isOdd ? without : dataSet),
      rows: dataSet.Rows as number,
      from,
    };
  });
}

/** Which slices of the good series there are. */
function placesOf(defect: SeriesDefect, count: number): number[] {
  const all = Array.from({ length: count }, (_, k) => k);
  const middle = Math.floor(count / 2);
  if (defect === 'missing-slice') return all.filter((k) => k !== middle);
  if (defect === 'repeated-slice') return all.flatMap((k) => (k === middle ? [k, k] : [k]));
  if (defect === 'uneven-spacing') return all.filter((k) => k <= middle || (k - middle) % 2 === 0);
  return all;
}

function renamed(fields: SliceFields, defect: SeriesDefect, place: number): SliceFields {
  const uid = (of: string) => uidFromName(`${of} ${defect}`);
  const { study, series } = fields;
  return {
    ...fields,
    sopInstanceUid: uidFromName(`${series.seriesInstanceUid} ${defect} ${place}`),
    study: {
      ...study,
      patientId: `defect-${defect}`,
      patientName: `Phantom^defect-${defect}`,
      studyInstanceUid: uid(study.studyInstanceUid),
    },
    series: {
      ...series,
      seriesInstanceUid: uid(series.seriesInstanceUid),
      frameOfReferenceUid: uid(series.frameOfReferenceUid),
    },
    instanceNumber: place + 1,
  };
}

function spoilt(fields: SliceFields, defect: SeriesDefect, isOdd: boolean, place: number): SliceFields {
  const { rows, columns, stored, plane } = fields;
  // 7 has no factor in common with any power of two or ten: no order of numbers is left.
  if (defect === 'shuffled-numbers') return { ...fields, instanceNumber: 1 + ((place * 7 + 3) % 101) };
  if (defect === 'tilted-gantry') return { ...fields, plane: tilted(plane, TILT) };
  if (defect === 'two-directions' && isOdd) return { ...fields, plane: tilted(plane, TILT / 2) };
  if (defect === 'two-sizes' && isOdd) {
    return { ...fields, rows: rows - 1, stored: Array.from(stored).slice(0, (rows - 1) * columns) };
  }
  return fields;
}

/** The same first pixel, the columns turned towards the normal. */
function tilted(plane: ImagePlane, radians: number): ImagePlane {
  const [rx, ry, rz, cx, cy, cz] = plane.orientation;
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx] as const;
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  const column = [cx, cy, cz].map((value, axis) => value * cosine + normal[axis]! * sine);
  return { ...plane, orientation: [rx, ry, rz, column[0]!, column[1]!, column[2]!] };
}
