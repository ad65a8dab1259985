import { ConsiliumError } from '@consilium/errors';
import { codeItem } from './codes.js';
import { type DataSet, writeDataSet } from './data-set.js';
import { type Contour, maskContours } from './mask-contours.js';
import { equipmentModules, type ImagePlane, type SourceSeries, studyModules } from './study-modules.js';
import { uidFromName } from './uid.js';
import type { DerivedFields, MaskedStructure } from './write-seg.js';

export const RT_STRUCTURE_SET_STORAGE = '1.2.840.10008.5.1.4.1.1.481.3';
const DETACHED_STUDY_MANAGEMENT = '1.2.840.10008.3.1.2.3.1';

export interface StructureSetFields extends DerivedFields {
  readonly structures: readonly MaskedStructure[];
}

/**
 * An RT Structure Set: each structure as closed planar contours around its masks, each contour with the image it lies on.
 * A hole is a contour of its own inside another one: readers that fill by even-odd get the mask back exactly.
 *
 * Units    contour points in millimetres of the patient.
 * Errors   DICOM_INVALID (no structure, masks of another number or size than the images).
 * Source   DICOM PS3.3 A.19, C.8.8.5, C.8.8.6, C.8.8.8.
 */
export function writeStructureSet(fields: StructureSetFields): Uint8Array {
  const { source, structures } = fields;
  if (structures.length === 0) throw new ConsiliumError('DICOM_INVALID', { structures: 0 });
  const { study } = source;
  return writeDataSet({
    SOPClassUID: RT_STRUCTURE_SET_STORAGE,
    SOPInstanceUID: fields.sopInstanceUid,
    ...studyModules(study),
    ...equipmentModules(fields.equipment),
    Modality: 'RTSTRUCT',
    SeriesInstanceUID: fields.seriesInstanceUid,
    SeriesNumber: fields.seriesNumber,
    OperatorsName: '',
    FrameOfReferenceUID: source.frameOfReferenceUid,
    PositionReferenceIndicator: '',
    InstanceNumber: 1,
    StructureSetLabel: fields.contentLabel,
    StructureSetDate: study.studyDate,
    StructureSetTime: study.studyTime,
    ReferencedFrameOfReferenceSequence: [frameOfReference(source)],
    StructureSetROISequence: structures.map((structure, index) => ({
      ROINumber: index + 1,
      ReferencedFrameOfReferenceUID: source.frameOfReferenceUid,
      ROIName: structure.label,
      ROIGenerationAlgorithm: 'MANUAL',
    })),
    ROIContourSequence: structures.map((structure, index) => roiContours(source, structure, index + 1)),
    RTROIObservationsSequence: structures.map((structure, index) => ({
      ObservationNumber: index + 1,
      ReferencedROINumber: index + 1,
      RTROIIdentificationCodeSequence: codeItem(structure.type),
      RTROIInterpretedType: '',
      ROIInterpreter: '',
    })),
  });
}

function frameOfReference({
  study,
  seriesInstanceUid,
  frameOfReferenceUid,
  sopClassUid,
  images,
}: SourceSeries): DataSet {
  const contourImages = images.map(({ sopInstanceUid }) => imageItem(sopClassUid, sopInstanceUid));
  const series: DataSet = { SeriesInstanceUID: seriesInstanceUid, ContourImageSequence: contourImages };
  const referencedStudy: DataSet = {
    ReferencedSOPClassUID: DETACHED_STUDY_MANAGEMENT,
    ReferencedSOPInstanceUID: study.studyInstanceUid,
    RTReferencedSeriesSequence: [series],
  };
  return { FrameOfReferenceUID: frameOfReferenceUid, RTReferencedStudySequence: [referencedStudy] };
}

function imageItem(sopClassUid: string, sopInstanceUid: string): DataSet {
  return { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid };
}

function roiContours(source: SourceSeries, { label, masks }: MaskedStructure, number: number): DataSet {
  const { rows, columns, images, sopClassUid } = source;
  if (masks.length !== images.length) throw new ConsiliumError('DICOM_INVALID', { masks: masks.length });
  const contours = masks.flatMap((mask, image) => {
    if (mask === undefined) return [];
    if (mask.length !== rows * columns) throw new ConsiliumError('DICOM_INVALID', { values: mask.length });
    const { sopInstanceUid, plane } = images[image]!;
    return maskContours(mask, rows, columns).map((contour) => ({
      ContourImageSequence: [imageItem(sopClassUid, sopInstanceUid)],
      ContourGeometricType: 'CLOSED_PLANAR',
      NumberOfContourPoints: contour.length / 2,
      ContourData: inPatient(contour, plane),
    }));
  });
  return { ReferencedROINumber: number, ROIDisplayColor: colourOf(label), ContourSequence: contours };
}

/** Points in the patient, as texts: a hundredth of a micrometre is more than enough, and files stay half as long. */
function inPatient(contour: Contour, { positionMm, orientation, spacingMm }: ImagePlane): string[] {
  const texts: string[] = [];
  for (let i = 0; i < contour.length; i += 2) {
    const [along, down] = [contour[i]! * spacingMm.column, contour[i + 1]! * spacingMm.row];
    for (let axis = 0; axis < 3; axis++) {
      const value = positionMm[axis]! + along * orientation[axis]! + down * orientation[axis + 3]!;
      texts.push(String(Number(value.toFixed(5)) || 0));
    }
  }
  return texts;
}

/** A bright colour that depends on the name alone. */
function colourOf(label: string): number[] {
  const digits = BigInt(uidFromName(label).slice('2.25.'.length));
  return [0n, 8n, 16n].map((shift) => 96 + Number((digits >> shift) & 0x9fn));
}
