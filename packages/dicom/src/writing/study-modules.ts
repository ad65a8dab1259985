import type { DataSet } from './data-set.js';

/** Whose study it is. What is left out is written empty where the standard wants the element. */
export interface StudyFacts {
  readonly patientId: string;
  readonly patientName?: string;
  readonly patientBirthDate?: string;
  readonly patientSex?: string;
  /** Such as 047Y. */
  readonly patientAge?: string;
  readonly patientSizeM?: number;
  readonly patientWeightKg?: number;
  readonly studyInstanceUid: string;
  /** YYYYMMDD; dates of what is made from the study repeat it. */
  readonly studyDate: string;
  /** HHMMSS. */
  readonly studyTime: string;
  readonly studyId?: string;
  readonly studyDescription?: string;
  readonly accessionNumber?: string;
  readonly referringPhysicianName?: string;
}

export interface EquipmentFacts {
  readonly manufacturer: string;
  readonly model: string;
  readonly deviceSerialNumber: string;
  readonly softwareVersions: string;
  readonly institutionName?: string;
}

/** A picture's place in the patient: LPS coordinates, in millimetres. */
export interface ImagePlane {
  /** Centre of the first pixel. */
  readonly positionMm: readonly [number, number, number];
  /** Direction cosines: along a row (to growing columns), then along a column (to growing rows). */
  readonly orientation: readonly [number, number, number, number, number, number];
  readonly spacingMm: { readonly row: number; readonly column: number };
  readonly thicknessMm: number;
}

/** The images that a segmentation, a structure set or a report is about. */
export interface SourceSeries {
  readonly study: StudyFacts;
  readonly modality: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  readonly sopClassUid: string;
  readonly rows: number;
  readonly columns: number;
  /** In the order of their slices. */
  readonly images: readonly { readonly sopInstanceUid: string; readonly plane: ImagePlane }[];
}

/** Modules Patient, General Study and Patient Study (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2). */
export function studyModules(study: StudyFacts): DataSet {
  return {
    PatientName: study.patientName ?? '',
    PatientID: study.patientId,
    PatientBirthDate: study.patientBirthDate ?? '',
    PatientSex: study.patientSex ?? '',
    PatientAge: study.patientAge,
    PatientSize: study.patientSizeM,
    PatientWeight: study.patientWeightKg,
    StudyInstanceUID: study.studyInstanceUid,
    StudyDate: study.studyDate,
    StudyTime: study.studyTime,
    StudyID: study.studyId ?? '1',
    StudyDescription: study.studyDescription,
    AccessionNumber: study.accessionNumber ?? '',
    ReferringPhysicianName: study.referringPhysicianName ?? '',
  };
}

/** Modules General Equipment and Enhanced General Equipment (PS3.3 C.7.5.1, C.7.5.2). */
export function equipmentModules(equipment: EquipmentFacts): DataSet {
  return {
    Manufacturer: equipment.manufacturer,
    ManufacturerModelName: equipment.model,
    DeviceSerialNumber: equipment.deviceSerialNumber,
    SoftwareVersions: equipment.softwareVersions,
    InstitutionName: equipment.institutionName,
  };
}

/** The same place in an image's own elements and in the functional groups of a multi-frame one. */
export function planeModule(plane: ImagePlane): DataSet {
  return {
    ImagePositionPatient: plane.positionMm,
    ImageOrientationPatient: plane.orientation,
    PixelSpacing: [plane.spacingMm.row, plane.spacingMm.column],
    SliceThickness: plane.thicknessMm,
  };
}

/** Unit vector across the slices: along a row x along a column. */
export function normalOf({ orientation: [rx, ry, rz, cx, cy, cz] }: ImagePlane): readonly [number, number, number] {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}

/** How far along the normal the plane lies. */
export function locationOf(plane: ImagePlane): number {
  const normal = normalOf(plane);
  return plane.positionMm.reduce((sum, value, axis) => sum + value * normal[axis]!, 0);
}
