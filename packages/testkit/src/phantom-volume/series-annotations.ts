import {
  CODES,
  type Code,
  type DerivedFields,
  type EquipmentFacts,
  type MaskedStructure,
  type ReportedFinding,
  uidFromName,
  writeMeasurementReport,
  writeSegmentation,
  writeStructureSet,
} from '@consilium/dicom';
import { lesionVolumeCm3 } from './lesion.js';
import type { PhantomSeries } from './volume-study.js';

/** The truth about a series as other programs would write it. Without lesions there is nothing to outline. */
export interface SeriesAnnotations {
  readonly segmentation: Uint8Array | undefined;
  readonly structureSet: Uint8Array | undefined;
  readonly report: Uint8Array;
}

export interface AnnotationWords {
  readonly type: Code;
  readonly site: Code;
  readonly procedure: Code;
}

const READER: EquipmentFacts = {
  manufacturer: 'Consilium',
  model: 'Phantom truth',
  deviceSerialNumber: 'PHANTOM',
  softwareVersions: '1.0',
};

/**
 * The lesions of a series as a SEG (one segment a lesion), as an RTSTRUCT (one structure a lesion), and as a TID 1500 report:
 * each lesion with its segment and volume, or that there is none.
 */
export function annotateSeries(series: PhantomSeries, words: AnnotationWords): SeriesAnnotations {
  const { source, lesions } = series;
  const derived = (kind: string, seriesNumber: number): DerivedFields => ({
    source,
    sopInstanceUid: uidFromName(`${source.seriesInstanceUid} ${kind}`),
    seriesInstanceUid: uidFromName(`${source.seriesInstanceUid} ${kind} series`),
    seriesNumber,
    equipment: READER,
    contentLabel: 'TRUTH',
  });
  const structures = lesions.map(
    ({ name, masks }): MaskedStructure => ({
      label: name,
      type: words.type,
      site: words.site,
      ...trackingOf(series, name),
      masks,
    }),
  );
  const outlines = derived('segmentation', 101);
  const findings = lesions.map((_, index) => lesionFinding(series, index, words, outlines));
  const none = { ...trackingOf(series, 'all'), finding: CODES.noAbnormality, images: source.images.map((_, k) => k) };
  return {
    segmentation: structures.length === 0 ? undefined : writeSegmentation({ ...outlines, segments: structures }),
    structureSet:
      structures.length === 0 ? undefined : writeStructureSet({ ...derived('structures', 102), structures }),
    report: writeMeasurementReport({
      ...derived('report', 103),
      procedure: words.procedure,
      findings: findings.length === 0 ? [none] : findings,
    }),
  };
}

function lesionFinding(
  series: PhantomSeries,
  index: number,
  words: AnnotationWords,
  outlines: DerivedFields,
): ReportedFinding {
  const { name, lesion, masks } = series.lesions[index]!;
  return {
    ...trackingOf(series, name),
    finding: words.type,
    site: words.site,
    images: masks.flatMap((mask, image) => (mask.includes(1) ? [image] : [])),
    segment: { ...outlines, number: index + 1 },
    volumeCm3: lesionVolumeCm3(lesion),
  };
}

/** A lesion keeps its tracking UID in all series and studies of its patient. */
function trackingOf({ source }: PhantomSeries, name: string): { trackingId: string; trackingUid: string } {
  return { trackingId: name, trackingUid: uidFromName(`${source.study.patientId} ${source.modality} ${name}`) };
}
