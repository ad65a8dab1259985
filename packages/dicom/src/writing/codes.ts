import type { DataSet } from './data-set.js';

/** A coded concept: value, coding scheme (DCM, SCT, UCUM) and what it means. */
export interface Code {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/** Concepts that our objects use. Values are facts of DICOM PS3.16 (DCM), SNOMED CT (SCT) and UCUM. */
export const CODES = {
  abnormalStructure: sct('49755003', 'Morphologically Abnormal Structure'),
  brain: sct('12738006', 'Brain'),
  centimetreCubed: { value: 'cm3', scheme: 'UCUM', meaning: 'cubic centimeter' },
  chest: sct('51185008', 'Chest'),
  device: dcm('121007', 'Device'),
  deviceObserverName: dcm('121013', 'Device Observer Name'),
  deviceObserverUid: dcm('121012', 'Device Observer UID'),
  english: { value: 'en-US', scheme: 'RFC5646', meaning: 'English (United States)' },
  finding: dcm('121071', 'Finding'),
  findingSite: sct('363698007', 'Finding Site'),
  imagingMeasurementReport: dcm('126000', 'Imaging Measurement Report'),
  imagingMeasurements: dcm('126010', 'Imaging Measurements'),
  language: dcm('121049', 'Language of Content Item and Descendants'),
  lesion: sct('52988006', 'Lesion'),
  lung: sct('39607008', 'Lung'),
  mass: sct('4147007', 'Mass'),
  measurementGroup: dcm('125007', 'Measurement Group'),
  nodule: sct('27925004', 'Nodule'),
  noAbnormality: sct('281900007', 'No abnormality detected'),
  observerType: dcm('121005', 'Observer Type'),
  procedureReported: dcm('121058', 'Procedure reported'),
  ctOfChest: sct('169069000', 'Computed tomography of chest'),
  mrOfHead: sct('816077007', 'Magnetic resonance imaging of brain'),
  referencedSegment: dcm('121191', 'Referenced Segment'),
  segmentation: dcm('113076', 'Segmentation'),
  sourceForProcessing: dcm('121322', 'Source image for image processing operation'),
  sourceForSegmentation: dcm('121233', 'Source image for segmentation'),
  sourceOfMeasurement: dcm('121112', 'Source of Measurement'),
  trackingIdentifier: dcm('112039', 'Tracking Identifier'),
  trackingUid: dcm('112040', 'Tracking Unique Identifier'),
  volume: sct('118565006', 'Volume'),
} as const satisfies Record<string, Code>;

/** The items of a code sequence. */
export function codeItem({ value, scheme, meaning }: Code): readonly DataSet[] {
  return [{ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning }];
}

function dcm(value: string, meaning: string): Code {
  return { value, scheme: 'DCM', meaning };
}

function sct(value: string, meaning: string): Code {
  return { value, scheme: 'SCT', meaning };
}
