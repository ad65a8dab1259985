import { ATTRIBUTES, type AttributeName } from './attributes.js';
import { CODES, codeItem } from './codes.js';
import { type DataSet, writeDataSet } from './data-set.js';
import { packStored } from './pack-stored.js';
import {
  type EquipmentFacts,
  equipmentModules,
  type ImagePlane,
  type StudyFacts,
  studyModules,
} from './study-modules.js';
import { uidFromName } from './uid.js';

export const ENHANCED_CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2.1';

/** A CT volume in one file. */
export interface EnhancedCtFields {
  readonly sopInstanceUid: string;
  readonly study: StudyFacts;
  readonly equipment: EquipmentFacts;
  readonly seriesInstanceUid: string;
  readonly seriesNumber: number;
  readonly frameOfReferenceUid: string;
  readonly rows: number;
  readonly columns: number;
  readonly bitsStored: number;
  readonly isSigned: boolean;
  readonly window: { readonly center: number; readonly width: number };
  /** Each has its own place and its own rescale; spacing, thickness and direction are the first one's. */
  readonly frames: readonly EnhancedFrame[];
}

export interface EnhancedFrame {
  readonly plane: ImagePlane;
  /** [rows, columns], row-major. */
  readonly stored: ArrayLike<number>;
  readonly rescale: { readonly slope: number; readonly intercept: number };
}

/**
 * An Enhanced CT Image file: every slice a frame, in the order given. It calls itself derived, because it is made from slices.
 *
 * Errors   DICOM_INVALID (a value out of range, a frame of another size).
 * Source   DICOM PS3.3 A.38, C.8.15, C.7.6.16.
 */
export function writeEnhancedCt(fields: EnhancedCtFields, transferSyntaxUid?: string): Uint8Array {
  return writeDataSet(enhancedCtDataSet(fields), transferSyntaxUid);
}

/** The data set of `writeEnhancedCt`, for writing it with compressed frames. */
export function enhancedCtDataSet(fields: EnhancedCtFields): DataSet {
  const { study, frames } = fields;
  const frameType = ['DERIVED', 'PRIMARY', 'VOLUME', 'NONE'];
  const volume: DataSet = {
    PixelPresentation: 'MONOCHROME',
    VolumetricProperties: 'VOLUME',
    VolumeBasedCalculationTechnique: 'NONE',
  };
  return {
    SOPClassUID: ENHANCED_CT_IMAGE_STORAGE,
    SOPInstanceUID: fields.sopInstanceUid,
    ...studyModules(study),
    ...equipmentModules(fields.equipment),
    Modality: 'CT',
    SeriesInstanceUID: fields.seriesInstanceUid,
    SeriesNumber: fields.seriesNumber,
    PatientPosition: 'HFS',
    FrameOfReferenceUID: fields.frameOfReferenceUid,
    PositionReferenceIndicator: '',
    ImageType: frameType,
    ...volume,
    InstanceNumber: 1,
    ContentDate: study.studyDate,
    ContentTime: study.studyTime,
    ContentQualification: 'RESEARCH',
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    PresentationLUTShape: 'IDENTITY',
    AcquisitionContextSequence: [],
    ...dimensions(fields.sopInstanceUid),
    SharedFunctionalGroupsSequence: [sharedGroups(fields, { FrameType: frameType, ...volume })],
    PerFrameFunctionalGroupsSequence: frames.map(frameGroups),
    ...pixelModule(fields),
  };
}

function dimensions(sopInstanceUid: string): DataSet {
  const uid = uidFromName(`${sopInstanceUid} dimensions`);
  const index = (pointer: AttributeName): DataSet => ({
    DimensionOrganizationUID: uid,
    DimensionIndexPointer: ATTRIBUTES[pointer][0],
    FunctionalGroupPointer: ATTRIBUTES.FrameContentSequence[0],
    DimensionDescriptionLabel: pointer,
  });
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: uid }],
    DimensionIndexSequence: [index('StackID'), index('InStackPositionNumber')],
  };
}

function sharedGroups({ frames, window, sopInstanceUid }: EnhancedCtFields, frameType: DataSet): DataSet {
  const { orientation, spacingMm, thicknessMm } = frames[0]!.plane;
  return {
    PixelMeasuresSequence: [{ PixelSpacing: [spacingMm.row, spacingMm.column], SliceThickness: thicknessMm }],
    PlaneOrientationSequence: [{ ImageOrientationPatient: orientation }],
    FrameAnatomySequence: [{ FrameLaterality: 'U', AnatomicRegionSequence: codeItem(CODES.chest) }],
    FrameVOILUTSequence: [{ WindowCenter: window.center, WindowWidth: window.width }],
    CTImageFrameTypeSequence: [frameType],
    IrradiationEventIdentificationSequence: [{ IrradiationEventUID: uidFromName(`${sopInstanceUid} event`) }],
  };
}

function frameGroups({ plane, rescale }: EnhancedFrame, index: number): DataSet {
  const place: DataSet = {
    StackID: '1',
    InStackPositionNumber: index + 1,
    DimensionIndexValues: [1, index + 1],
  };
  const toHounsfield: DataSet = {
    RescaleIntercept: rescale.intercept,
    RescaleSlope: rescale.slope,
    RescaleType: 'HU',
  };
  return {
    FrameContentSequence: [place],
    PlanePositionSequence: [{ ImagePositionPatient: plane.positionMm }],
    PixelValueTransformationSequence: [toHounsfield],
  };
}

function pixelModule({ rows, columns, bitsStored, isSigned, frames }: EnhancedCtFields): DataSet {
  const packed = frames.map(({ stored }) => packStored({ rows, columns, stored, bitsStored, isSigned }));
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: isSigned ? 1 : 0,
    PixelData: new Uint8Array(Buffer.concat(packed)),
  };
}
