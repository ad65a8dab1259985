import { ConsiliumError } from '@consilium/errors';
import { type DataSet, writeDataSet } from './data-set.js';
import { packStored } from './pack-stored.js';
import {
  type EquipmentFacts,
  equipmentModules,
  type ImagePlane,
  locationOf,
  planeModule,
  type StudyFacts,
  studyModules,
} from './study-modules.js';

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
export const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4';
const MODALITIES: Readonly<Record<string, string>> = { [CT_IMAGE_STORAGE]: 'CT', [MR_IMAGE_STORAGE]: 'MR' };

/** One slice of a CT or MR series. */
export interface SliceFields {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly study: StudyFacts;
  readonly equipment: EquipmentFacts;
  readonly series: SliceSeries;
  /** From 1. */
  readonly instanceNumber: number;
  readonly plane: ImagePlane;
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns], row-major, each inside the range of `bitsStored`. */
  readonly stored: ArrayLike<number>;
  readonly bitsStored: number;
  readonly isSigned: boolean;
  readonly rescale?: { readonly slope: number; readonly intercept: number };
  readonly window?: { readonly center: number; readonly width: number };
  /** Stored value of what lies outside the scanned field. */
  readonly paddingValue?: number;
  /** How it was taken: the elements of the modality's own module, such as KVP or EchoTime. */
  readonly acquisition: DataSet;
}

export interface SliceSeries {
  readonly seriesInstanceUid: string;
  readonly seriesNumber: number;
  readonly seriesDescription?: string;
  readonly frameOfReferenceUid: string;
  readonly bodyPartExamined: string;
  readonly protocolName?: string;
  /** Such as HFS: head first, supine. */
  readonly patientPosition: string;
}

/**
 * A CT or MR Image Storage file. The same fields give the same bytes.
 *
 * Shapes   stored is [rows, columns], row-major.
 * Errors   DICOM_INVALID (another SOP class, values out of range, wrong length, a text that does not fit its element).
 * Source   DICOM PS3.3 A.3 (CT image), A.4 (MR image).
 */
export function writeSlice(fields: SliceFields, transferSyntaxUid?: string): Uint8Array {
  return writeDataSet(sliceDataSet(fields), transferSyntaxUid);
}

/** The data set of `writeSlice`, for writing it with other pixels or in another transfer syntax. */
export function sliceDataSet(fields: SliceFields): DataSet {
  const { study, series, plane } = fields;
  const modality = MODALITIES[fields.sopClassUid];
  if (modality === undefined) throw new ConsiliumError('DICOM_INVALID', { field: 'SOPClassUID' });
  return {
    SOPClassUID: fields.sopClassUid,
    SOPInstanceUID: fields.sopInstanceUid,
    ...studyModules(study),
    ...equipmentModules(fields.equipment),
    Modality: modality,
    SeriesInstanceUID: series.seriesInstanceUid,
    SeriesNumber: series.seriesNumber,
    SeriesDescription: series.seriesDescription,
    SeriesDate: study.studyDate,
    SeriesTime: study.studyTime,
    BodyPartExamined: series.bodyPartExamined,
    ProtocolName: series.protocolName,
    PatientPosition: series.patientPosition,
    FrameOfReferenceUID: series.frameOfReferenceUid,
    PositionReferenceIndicator: '',
    ImageType: ['ORIGINAL', 'PRIMARY', modality === 'CT' ? 'AXIAL' : 'OTHER'],
    AcquisitionNumber: 1,
    InstanceNumber: fields.instanceNumber,
    AcquisitionDate: study.studyDate,
    AcquisitionTime: study.studyTime,
    ContentDate: study.studyDate,
    ContentTime: study.studyTime,
    ...planeModule(plane),
    SliceLocation: locationOf(plane),
    ...pixelModule(fields),
    ...fields.acquisition,
  };
}

function pixelModule(fields: SliceFields): DataSet {
  const { rows, columns, bitsStored, isSigned, rescale, window } = fields;
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: isSigned ? 1 : 0,
    PixelPaddingValue: fields.paddingValue,
    RescaleSlope: rescale?.slope,
    RescaleIntercept: rescale?.intercept,
    RescaleType: rescale === undefined ? undefined : fields.sopClassUid === CT_IMAGE_STORAGE ? 'HU' : 'US',
    WindowCenter: window?.center,
    WindowWidth: window?.width,
    PixelData: packStored(fields),
  };
}
