import { ConsiliumError } from '@consilium/errors';
import { CODES, type Code, codeItem } from './codes.js';
import { type DataSet, writeDataSet } from './data-set.js';
import { equipmentModules, type SourceSeries, studyModules } from './study-modules.js';
import { type DerivedFields, SEGMENTATION_STORAGE } from './write-seg.js';

export const COMPREHENSIVE_3D_SR_STORAGE = '1.2.840.10008.5.1.4.1.1.88.34';

/** One finding, or a statement that there is none, about images of the source series. */
export interface ReportedFinding {
  readonly trackingId: string;
  readonly trackingUid: string;
  readonly finding: Code;
  readonly site?: Code;
  /** Places in `source.images`, from 0. */
  readonly images: readonly number[];
  /** Where it is outlined. */
  readonly segment?: {
    readonly sopInstanceUid: string;
    readonly seriesInstanceUid: string;
    /** From 1. */
    readonly number: number;
  };
  readonly volumeCm3?: number;
}

export interface ReportFields extends DerivedFields {
  readonly procedure: Code;
  readonly findings: readonly ReportedFinding[];
}

type Relationship = 'CONTAINS' | 'HAS CONCEPT MOD' | 'HAS OBS CONTEXT';

/**
 * A measurement report (Comprehensive 3D SR, TID 1500): one measurement group a finding, by TID 1411 where the finding is
 * outlined in a segmentation (segment, source images, volume), else by TID 1501 (the images themselves).
 *
 * Errors   DICOM_INVALID (no finding, or one without an image).
 * Source   DICOM PS3.3 A.35.13, C.17; PS3.16 TID 1500, 1411, 1501, 1204, 1002.
 */
export function writeMeasurementReport(fields: ReportFields): Uint8Array {
  const { source, findings } = fields;
  if (findings.length === 0 || findings.some(({ images }) => images.length === 0)) {
    throw new ConsiliumError('DICOM_INVALID', { findings: findings.length });
  }
  const { study } = source;
  return writeDataSet({
    SOPClassUID: COMPREHENSIVE_3D_SR_STORAGE,
    SOPInstanceUID: fields.sopInstanceUid,
    ...studyModules(study),
    ...equipmentModules(fields.equipment),
    Modality: 'SR',
    SeriesInstanceUID: fields.seriesInstanceUid,
    SeriesNumber: fields.seriesNumber,
    ReferencedPerformedProcedureStepSequence: [],
    InstanceNumber: 1,
    ContentDate: study.studyDate,
    ContentTime: study.studyTime,
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    CurrentRequestedProcedureEvidenceSequence: [evidence(fields)],
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: codeItem(CODES.imagingMeasurementReport),
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: template('1500'),
    ContentSequence: content(fields),
  });
}

/** Every instance that the report names, by series. */
function evidence({ source, findings }: ReportFields): DataSet {
  const images = [...new Set(findings.flatMap((finding) => finding.images))].sort((a, b) => a - b);
  const ofSource = images.map((image) => reference(source.sopClassUid, imageAt(source, image)));
  const segmentations = new Map(
    findings.flatMap(({ segment }) => (segment ? [[segment.sopInstanceUid, segment]] : [])),
  );
  const series: DataSet[] = [
    { SeriesInstanceUID: source.seriesInstanceUid, ReferencedSOPSequence: ofSource },
    ...[...segmentations.values()].map(({ seriesInstanceUid, sopInstanceUid }) => ({
      SeriesInstanceUID: seriesInstanceUid,
      ReferencedSOPSequence: [reference(SEGMENTATION_STORAGE, sopInstanceUid)],
    })),
  ];
  return { StudyInstanceUID: source.study.studyInstanceUid, ReferencedSeriesSequence: series };
}

function content(fields: ReportFields): DataSet[] {
  const { equipment, seriesInstanceUid } = fields;
  const language = codeContent('HAS CONCEPT MOD', CODES.language, CODES.english);
  const groups = fields.findings.map((finding) => measurementGroup(fields.source, finding));
  return [
    language,
    codeContent('HAS OBS CONTEXT', CODES.observerType, CODES.device),
    uidContent('HAS OBS CONTEXT', CODES.deviceObserverUid, seriesInstanceUid),
    textContent('HAS OBS CONTEXT', CODES.deviceObserverName, equipment.model),
    codeContent('HAS CONCEPT MOD', CODES.procedureReported, fields.procedure),
    { ...container('CONTAINS', CODES.imagingMeasurements), ContentSequence: groups },
  ];
}

function measurementGroup(source: SourceSeries, finding: ReportedFinding): DataSet {
  const { segment, volumeCm3, site, images } = finding;
  const pictures = images.map((image) => reference(source.sopClassUid, imageAt(source, image)));
  const purpose = segment === undefined ? CODES.sourceOfMeasurement : CODES.sourceForSegmentation;
  const items = [
    textContent('HAS OBS CONTEXT', CODES.trackingIdentifier, finding.trackingId),
    uidContent('HAS OBS CONTEXT', CODES.trackingUid, finding.trackingUid),
    codeContent('CONTAINS', CODES.finding, finding.finding),
  ];
  if (segment !== undefined) {
    const outlined = {
      ...reference(SEGMENTATION_STORAGE, segment.sopInstanceUid),
      ReferencedSegmentNumber: segment.number,
    };
    items.push(imageContent(CODES.referencedSegment, outlined));
  }
  items.push(...pictures.map((picture) => imageContent(purpose, picture)));
  if (site !== undefined) items.push(codeContent('HAS CONCEPT MOD', CODES.findingSite, site));
  if (volumeCm3 !== undefined) items.push(volumeContent(volumeCm3));
  return {
    ...container('CONTAINS', CODES.measurementGroup),
    ContentTemplateSequence: template(segment === undefined ? '1501' : '1411'),
    ContentSequence: items,
  };
}

function imageAt({ images }: SourceSeries, index: number): string {
  const image = images[index];
  if (image === undefined) throw new ConsiliumError('DICOM_INVALID', { image: index });
  return image.sopInstanceUid;
}

function reference(sopClassUid: string, sopInstanceUid: string): DataSet {
  return { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid };
}

function template(identifier: string): readonly DataSet[] {
  return [{ MappingResource: 'DCMR', TemplateIdentifier: identifier }];
}

function container(relationship: Relationship, concept: Code): DataSet {
  return { ...item(relationship, 'CONTAINER', concept), ContinuityOfContent: 'SEPARATE' };
}

function codeContent(relationship: Relationship, concept: Code, value: Code): DataSet {
  return { ...item(relationship, 'CODE', concept), ConceptCodeSequence: codeItem(value) };
}

function textContent(relationship: Relationship, concept: Code, value: string): DataSet {
  return { ...item(relationship, 'TEXT', concept), TextValue: value };
}

function uidContent(relationship: Relationship, concept: Code, value: string): DataSet {
  return { ...item(relationship, 'UIDREF', concept), UID: value };
}

function imageContent(concept: Code, picture: DataSet): DataSet {
  return { ...item('CONTAINS', 'IMAGE', concept), ReferencedSOPSequence: [picture] };
}

function volumeContent(volumeCm3: number): DataSet {
  const measured: DataSet = {
    NumericValue: volumeCm3,
    MeasurementUnitsCodeSequence: codeItem(CODES.centimetreCubed),
  };
  return { ...item('CONTAINS', 'NUM', CODES.volume), MeasuredValueSequence: [measured] };
}

function item(relationship: Relationship, valueType: string, concept: Code): DataSet {
  return { RelationshipType: relationship, ValueType: valueType, ConceptNameCodeSequence: codeItem(concept) };
}
