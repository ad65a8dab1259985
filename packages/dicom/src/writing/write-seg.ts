import { ConsiliumError } from '@consilium/errors';
import { ATTRIBUTES } from './attributes.js';
import { CODES, type Code, codeItem } from './codes.js';
import { type DataSet, writeDataSet } from './data-set.js';
import { type EquipmentFacts, equipmentModules, type SourceSeries, studyModules } from './study-modules.js';
import { uidFromName } from './uid.js';

export const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';

/** One structure that is outlined in the slices of a series. */
export interface MaskedStructure {
  readonly label: string;
  /** What it is, such as a nodule; the category is a morphologically abnormal structure. */
  readonly type: Code;
  readonly site?: Code;
  readonly trackingId: string;
  readonly trackingUid: string;
  /** One a source image, in their order: [rows, columns], not 0 inside; undefined or all 0 where it is not. */
  readonly masks: readonly (Uint8Array | undefined)[];
}

/** What every object has that is made from a series. */
export interface DerivedFields {
  readonly source: SourceSeries;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly seriesNumber: number;
  /** Of whoever made it, not of the scanner. */
  readonly equipment: EquipmentFacts;
  /** At most 16 capitals, digits and underscores. */
  readonly contentLabel: string;
}

export interface SegmentationFields extends DerivedFields {
  readonly segments: readonly MaskedStructure[];
}

interface Frame {
  /** From 1. */
  readonly segment: number;
  /** Of the source image, from 0. */
  readonly image: number;
  readonly mask: Uint8Array;
}

/**
 * A binary multi-frame Segmentation: one frame for each segment and source image where the segment is, segment by segment.
 * Each frame says its place and the image that it was derived from. Bits are packed over frame borders.
 *
 * Errors   DICOM_INVALID (no segment anywhere, masks of another number or size than the images).
 * Source   DICOM PS3.3 A.51, C.8.20, PS3.5 8.1.1.
 */
export function writeSegmentation(fields: SegmentationFields): Uint8Array {
  const { source, segments } = fields;
  const frames = framesOf(fields);
  const { study } = source;
  return writeDataSet({
    SOPClassUID: SEGMENTATION_STORAGE,
    SOPInstanceUID: fields.sopInstanceUid,
    ...studyModules(study),
    ...equipmentModules(fields.equipment),
    Modality: 'SEG',
    SeriesInstanceUID: fields.seriesInstanceUid,
    SeriesNumber: fields.seriesNumber,
    FrameOfReferenceUID: source.frameOfReferenceUid,
    PositionReferenceIndicator: '',
    ImageType: ['DERIVED', 'PRIMARY'],
    InstanceNumber: 1,
    ContentDate: study.studyDate,
    ContentTime: study.studyTime,
    ContentLabel: fields.contentLabel,
    ContentDescription: '',
    ContentCreatorName: '',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: source.rows,
    Columns: source.columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    LossyImageCompression: '00',
    SegmentationType: 'BINARY',
    SegmentSequence: segments.map(segmentItem),
    ...referencedSeries(source),
    ...dimensions(fields.sopInstanceUid),
    SharedFunctionalGroupsSequence: [sharedGroups(source)],
    PerFrameFunctionalGroupsSequence: frames.map((frame) => frameGroups(source, frame)),
    PixelData: packBits(frames.map(({ mask }) => mask)),
  });
}

function framesOf({ source, segments }: SegmentationFields): Frame[] {
  const pixels = source.rows * source.columns;
  const frames: Frame[] = [];
  segments.forEach(({ masks }, index) => {
    if (masks.length !== source.images.length) throw new ConsiliumError('DICOM_INVALID', { masks: masks.length });
    masks.forEach((mask, image) => {
      if (mask !== undefined && mask.length !== pixels)
        throw new ConsiliumError('DICOM_INVALID', { values: mask.length });
      if (mask?.some((value) => value !== 0)) frames.push({ segment: index + 1, image, mask });
    });
  });
  if (frames.length === 0) throw new ConsiliumError('DICOM_INVALID', { frames: 0 });
  return frames;
}

function segmentItem(segment: MaskedStructure, index: number): DataSet {
  return {
    SegmentNumber: index + 1,
    SegmentLabel: segment.label,
    SegmentAlgorithmType: 'MANUAL',
    SegmentedPropertyCategoryCodeSequence: codeItem(CODES.abnormalStructure),
    SegmentedPropertyTypeCodeSequence: codeItem(segment.type),
    AnatomicRegionSequence: segment.site && codeItem(segment.site),
    TrackingID: segment.trackingId,
    TrackingUID: segment.trackingUid,
  };
}

function referencedSeries({ seriesInstanceUid, sopClassUid, images }: SourceSeries): DataSet {
  const instances = images.map(({ sopInstanceUid }) => ({
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: sopInstanceUid,
  }));
  return {
    ReferencedSeriesSequence: [{ SeriesInstanceUID: seriesInstanceUid, ReferencedInstanceSequence: instances }],
  };
}

/** Frames are told apart by their segment, then by their place. */
function dimensions(sopInstanceUid: string): DataSet {
  const uid = uidFromName(`${sopInstanceUid} dimensions`);
  const index = (pointer: 'ReferencedSegmentNumber' | 'ImagePositionPatient', group: DataSet): DataSet => ({
    DimensionOrganizationUID: uid,
    DimensionIndexPointer: ATTRIBUTES[pointer][0],
    DimensionDescriptionLabel: pointer,
    ...group,
  });
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: uid }],
    DimensionIndexSequence: [
      index('ReferencedSegmentNumber', { FunctionalGroupPointer: ATTRIBUTES.SegmentIdentificationSequence[0] }),
      index('ImagePositionPatient', { FunctionalGroupPointer: ATTRIBUTES.PlanePositionSequence[0] }),
    ],
  };
}

function sharedGroups({ images }: SourceSeries): DataSet {
  const { orientation, spacingMm, thicknessMm } = images[0]!.plane;
  return {
    PlaneOrientationSequence: [{ ImageOrientationPatient: orientation }],
    PixelMeasuresSequence: [{ PixelSpacing: [spacingMm.row, spacingMm.column], SliceThickness: thicknessMm }],
  };
}

function frameGroups({ sopClassUid, images }: SourceSeries, { segment, image }: Frame): DataSet {
  const { sopInstanceUid, plane } = images[image]!;
  const sourceImage: DataSet = {
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: sopInstanceUid,
    PurposeOfReferenceCodeSequence: codeItem(CODES.sourceForProcessing),
  };
  return {
    FrameContentSequence: [{ DimensionIndexValues: [segment, image + 1] }],
    PlanePositionSequence: [{ ImagePositionPatient: plane.positionMm }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }],
    DerivationImageSequence: [
      { DerivationCodeSequence: codeItem(CODES.segmentation), SourceImageSequence: [sourceImage] },
    ],
  };
}

/** The first pixel is the lowest bit of the first byte; a frame begins where the one before it ends. */
function packBits(masks: readonly Uint8Array[]): Uint8Array {
  const bits = masks.reduce((sum, mask) => sum + mask.length, 0);
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  let bit = 0;
  for (const mask of masks) {
    for (const value of mask) {
      if (value !== 0) bytes[bit >> 3]! |= 1 << (bit & 7);
      bit++;
    }
  }
  return bytes;
}
