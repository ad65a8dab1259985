import { PICTURE_REMARKS } from '@consilium/dicom';
import type { DatasetIndex, DatasetSummary } from '../datasets/dataset-index.js';
import { NOT_AN_IMAGE, SET_ASIDE } from '../datasets/ingest-ledger.js';
import { fetchedText, type IngestReport, volumesText } from '../datasets/ingest-report.js';
import { maskAreasText } from '../datasets/mask-areas.js';
import type { DatasetVersionEntry, RegisteredDataset } from '../state/dataset-registry.js';
import { type CountTable, describeDataset } from './describe-dataset.js';

/** Everything that a person may want to check of a dataset, without the name of a file or the id of a patient. */
export interface DatasetReport {
  readonly format: 'consilium-dataset-report/1';
  readonly name: string;
  readonly version: string;
  readonly addedAt: string;
  readonly isPublic: boolean;
  /** False: small counts are hidden. */
  readonly isExact: boolean;
  readonly summary: DatasetSummary;
  readonly examples: number;
  readonly patients: number;
  readonly studies: number;
  readonly history: readonly DatasetVersionEntry[];
  readonly tables: readonly CountTable[];
  /** What became of the files of the last reading; undefined when nothing is known of it any more. */
  readonly ingest: IngestAccount | undefined;
}

export interface IngestAccount {
  readonly filesIn: number;
  readonly filesCounted: number;
  readonly usable: number;
  readonly examples: number;
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  readonly labelRows: number;
  readonly labelsWithoutImage: number;
  readonly modalities: Readonly<Record<string, number>>;
  /** Whether the slices of series make whole volumes; undefined where there are none. */
  readonly volumes: string | undefined;
  /** What the masks cover; undefined where there are none. */
  readonly masks: string | undefined;
  /** What came of a PACS; undefined where a folder was read. */
  readonly fetched: string | undefined;
  /** Every file that is not usable, every frame that is left out, and used files whose values need a word, by reason. */
  readonly reasons: readonly IngestReason[];
}

export interface IngestReason {
  readonly kind: 'set aside' | 'no image' | 'frame left out' | 'used';
  readonly reason: string;
  readonly say: string;
  readonly count: number;
}

export function datasetReport(
  registered: RegisteredDataset,
  history: readonly DatasetVersionEntry[],
  index: DatasetIndex,
  report: IngestReport | undefined,
  isExact: boolean,
): DatasetReport {
  const { name, version, addedAt, isPublic, summary } = registered;
  return {
    format: 'consilium-dataset-report/1',
    ...{ name, version, addedAt, isPublic, isExact, summary },
    ...describeDataset(index, isExact, report),
    history,
    ingest: report && accountOf(report),
  };
}

function accountOf(report: IngestReport): IngestAccount {
  const { filesIn, filesCounted, usable, examples, studies, series, instances, labelRows, labelsWithoutImage } = report;
  return {
    ...{ filesIn, filesCounted, usable, examples, studies, series, instances, labelRows, labelsWithoutImage },
    modalities: report.modalities,
    fetched: report.fetched && fetchedText(report.fetched),
    volumes: report.volumes && report.volumes.series > 0 ? volumesText(report.volumes) : undefined,
    masks: report.masks && maskAreasText(report.masks),
    reasons: [
      ...reasonsOf('set aside', report.setAside, SET_ASIDE),
      ...reasonsOf('no image', report.notImages, NOT_AN_IMAGE),
      ...reasonsOf('frame left out', report.framesLeftOut, SET_ASIDE),
      ...reasonsOf('used', report.remarks ?? {}, PICTURE_REMARKS),
    ],
  };
}

function reasonsOf(
  kind: IngestReason['kind'],
  counts: Readonly<Record<string, number>>,
  say: Readonly<Record<string, string>>,
): IngestReason[] {
  return Object.entries(counts).map(([reason, count]) => ({ kind, reason, say: say[reason] ?? reason, count }));
}
