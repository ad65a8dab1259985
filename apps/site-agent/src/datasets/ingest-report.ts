import { PICTURE_REMARKS, type PictureRemark } from '@consilium/dicom';
import { ConsiliumError } from '@consilium/errors';
import { likelySlips } from './class-counts.js';
import {
  type IngestLedger,
  NOT_AN_IMAGE,
  type NotAnImageReason,
  type OrphanLabel,
  SET_ASIDE,
  type SetAsideReason,
} from './ingest-ledger.js';
import type { TableReading } from './label-table.js';
import { type MaskAreas, maskAreasText } from './mask-areas.js';
import type { VolumeCounts } from './series-check.js';

/** In instances. Conflicts: objects that came under the identifier of another, different one. */
export interface FetchCounts {
  readonly instances: number;
  readonly arrived: number;
  readonly refused: number;
  readonly missing: number;
  readonly conflicts: number;
}

/** Whether something that a PACS lists is not here. */
export function isIncomplete({ refused, missing }: FetchCounts): boolean {
  return refused + missing > 0;
}

/** What came of a PACS, in a line. */
export function fetchedText(fetched: FetchCounts): string {
  const { instances, arrived, refused, missing, conflicts } = fetched;
  const lines = [`PACS: ${arrived} of ${instances} instances that it lists are here`];
  if (refused > 0) lines.push(`${refused} refused (it does not deliver them, or they are larger than this site takes)`);
  if (missing > 0) lines.push(`${missing} missing`);
  if (conflicts > 0) lines.push(`${conflicts} came under the SOP Instance UID of another, different object`);
  const advice = isIncomplete(fetched) ? '; NOT COMPLETE: the same command asks for them again' : '';
  return `${lines.join(', ')}${advice}`;
}

export interface ReportedFile {
  readonly file: string;
  readonly reason: SetAsideReason | NotAnImageReason;
  readonly because?: string;
}

/** For the hospital's own administrator: names files, so it never leaves the site. */
export interface IngestReport {
  readonly filesIn: number;
  readonly filesCounted: number;
  /** Files that hold at least one example. */
  readonly usable: number;
  /** A file of many frames gives many. */
  readonly examples: number;
  /** Files that an earlier reading had read. */
  readonly kept: number;
  /** What the PACS listed, and what of it came; absent where a folder was read. */
  readonly fetched?: FetchCounts;
  /** Of all DICOM files of the folder, usable or not. */
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
  readonly modalities: Readonly<Record<string, number>>;
  /** Of the usable files, by the year of the study. */
  readonly years: Readonly<Record<string, number>>;
  /** Of the usable files; absent in reports of before it was looked at. */
  readonly volumes?: VolumeCounts;
  /** Of the examples; absent where none has a mask. */
  readonly masks?: MaskAreas | undefined;
  /** Examples by their label; absent in reports of before it was said. */
  readonly classes?: Readonly<Record<string, number>>;
  /** How the label table was read; absent without one. */
  readonly table?: TableReading | undefined;
  /** Usable files by what a person should know of their values; absent in reports of before it was said. */
  readonly remarks?: Readonly<Partial<Record<PictureRemark, number>>>;
  readonly framesLeftOut: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly setAside: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly notImages: Readonly<Partial<Record<NotAnImageReason, number>>>;
  readonly labelRows: number;
  readonly labelsWithoutImage: number;
  /** Pictures of the version before that are left out, because files of this reading contradict them. */
  readonly contradictedBefore?: number;
  /** Label objects with contours or frames that belong to no picture of the folder. */
  readonly partsWithoutPicture?: readonly { readonly file: string; readonly unmet: number; readonly parts: number }[];
  /** Every file that is not usable, relative to the folder; with another file where it is set aside because of that. */
  readonly files: readonly ReportedFile[];
  readonly orphanLabels: readonly OrphanLabel[];
}

/** Errors  INTERNAL when a file has no outcome: nothing is ever dropped silently. */
export function reportOf(
  ledger: IngestLedger,
  counts: Required<Pick<IngestReport, 'examples' | 'years' | 'volumes' | 'masks' | 'classes'>>,
): IngestReport {
  const setAside: Partial<Record<SetAsideReason, number>> = {};
  const notImages: Partial<Record<NotAnImageReason, number>> = {};
  const files: ReportedFile[] = [];
  let usable = 0;
  ledger.files.forEach((file, ordinal) => {
    const outcome = ledger.outcome(ordinal);
    if (!outcome) throw new ConsiliumError('INTERNAL', { unaccounted: ordinal });
    if (outcome.kind === 'usable') {
      usable += 1;
      return;
    }
    if (outcome.kind === 'set-aside') setAside[outcome.reason] = (setAside[outcome.reason] ?? 0) + 1;
    else notImages[outcome.reason] = (notImages[outcome.reason] ?? 0) + 1;
    const because = ledger.because.get(ordinal);
    files.push({ file, reason: outcome.reason, ...(because !== undefined && { because: ledger.files[because]! }) });
  });
  return {
    filesIn: ledger.files.length,
    filesCounted: usable + files.length,
    usable,
    ...counts,
    kept: ledger.kept,
    ...ledger.objects.totals,
    modalities: Object.fromEntries(ledger.objects.modalities),
    remarks: Object.fromEntries(ledger.remarks),
    framesLeftOut: Object.fromEntries(ledger.framesLeftOut),
    contradictedBefore: ledger.contradictedBefore,
    setAside,
    notImages,
    table: ledger.tableReading,
    labelRows: ledger.labelRows,
    labelsWithoutImage: ledger.orphanLabels.length,
    files,
    partsWithoutPicture: [...ledger.partsWithoutPicture].map(([ordinal, counts]) => ({
      file: ledger.files[ordinal]!,
      ...counts,
    })),
    orphanLabels: ledger.orphanLabels,
  };
}

const BURNED_IN_ADVICE =
  '  look at pictures with text by `consilium dicom show FILE --png FOLDER`; what names no patient is used, with its series, ' +
  'once its file is named in a list and the list given with --looked-at';

/** Which series of slices are whole, in a line. */
export function volumesText({ series, findings }: VolumeCounts): string {
  const found = Object.entries(findings).map(([kind, n]) => `${kind} ${n}`);
  const said =
    found.length === 0 ? 'nothing wrong with any' : `${found.join(', ')}; \`consilium dicom volumes\` says where`;
  return `${series} series of slices: ${said}`;
}

function classLines(counts: Readonly<Record<string, number>>): string[] {
  const classes = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (classes.length === 0) return [];
  return [
    `classes: ${classes.map(([name, films]) => `${name} ${films}`).join(', ')}`,
    ...likelySlips(counts).map(({ name, films, meant }) => {
      const question = meant === undefined ? 'is it a class?' : `is "${meant}" meant?`;
      return `WARNING: the class "${name}" has ${films} ${films === 1 ? 'example' : 'examples'}: ${question} (--classes takes only those that it names)`;
    }),
  ];
}

function tableText({ columns, others, form }: TableReading): string {
  const list = (names: readonly string[]) => names.join(', ');
  return `  read as ${form}; columns ${list(columns)}${others.length === 0 ? '' : `; not read: ${list(others)}`}`;
}

/** The report as an administrator reads it. */
export function reportText(report: IngestReport): string[] {
  const { studies, series, instances, usable, examples, kept } = report;
  const lines = [`${report.filesIn} files in, ${report.filesCounted} counted: ${usable} usable images`];
  if (report.fetched) lines.push(fetchedText(report.fetched));
  lines.push(`${instances} DICOM objects of ${series} series of ${studies} studies`);
  if (examples !== usable) lines.push(`the usable files hold ${examples} images`);
  if (kept > 0) lines.push(`${kept} of the files had been read before`);
  if (report.volumes && report.volumes.series > 0) lines.push(volumesText(report.volumes));
  lines.push(...classLines(report.classes ?? {}));
  if (report.masks) lines.push(maskAreasText(report.masks));
  const row = (n: number, text: string) => lines.push(`${String(n).padStart(8)}  ${text}`);
  for (const [reason, n] of Object.entries(report.setAside))
    row(n, `set aside: ${SET_ASIDE[reason as SetAsideReason]} (${reason})`);
  for (const [reason, n] of Object.entries(report.notImages))
    row(n, `no image: ${NOT_AN_IMAGE[reason as NotAnImageReason]} (${reason})`);
  for (const [reason, n] of Object.entries(report.framesLeftOut))
    row(n, `frames left out: ${SET_ASIDE[reason as SetAsideReason]} (${reason})`);
  for (const [remark, n] of Object.entries(report.remarks ?? {}))
    row(n, `used: ${PICTURE_REMARKS[remark as PictureRemark]} (${remark})`);
  if (report.contradictedBefore)
    lines.push(`of the version before left out, because these files contradict it: ${report.contradictedBefore}`);
  lines.push(`${report.labelRows} lines in the label table, ${report.labelsWithoutImage} of them without an image`);
  if (report.table) lines.push(tableText(report.table));
  const named = report.files.filter(({ reason }) => reason in SET_ASIDE);
  for (const { file, reason, because } of named)
    lines.push(`  ${reason.padEnd(20)} ${file}${because === undefined ? '' : ` (see ${because})`}`);
  for (const { file, unmet, parts } of report.partsWithoutPicture ?? [])
    lines.push(`  ${unmet} of ${parts} contours or frames met no picture: ${file}`);
  if (report.setAside['burned-in'] !== undefined) lines.push(BURNED_IN_ADVICE);
  for (const { names, line, near } of report.orphanLabels) {
    const hint = near === undefined ? '' : `; a patient ${near} is here: is that the one?`;
    lines.push(`  ${'label-without-image'.padEnd(20)} ${names} (line ${line})${hint}`);
  }
  return lines;
}
