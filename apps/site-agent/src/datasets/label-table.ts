import { posix } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { parse } from 'csv-parse/sync';
import type { Part } from './image.js';
import type { JoinKind } from './keyed-hash.js';

export interface LabelRow {
  /** Line in the file, from 1. */
  readonly line: number;
  /** What the row is about: the first of file (relative to the folder, with forward slashes), UIDs and patient it gives. */
  readonly of: { readonly by: JoinKind; readonly value: string };
  /** The frame that it is about, from 0; all frames when undefined. NaN when the cell is no number. */
  readonly frame: number | undefined;
  readonly label: string | undefined;
  readonly mask: string | undefined;
  readonly patientId: string | undefined;
  /** `unknown`: the table has a split, but this row has no value that means a part. */
  readonly part: Part | 'unknown' | undefined;
}

export interface LabelTable {
  readonly rows: readonly LabelRow[];
  readonly hasLabels: boolean;
  readonly hasMasks: boolean;
  readonly hasParts: boolean;
}

/** Column -> the names it may have, in lower case. */
const COLUMNS = {
  file: ['file', 'image', 'path'],
  instance: ['sop_instance_uid', 'sopinstanceuid'],
  series: ['series_instance_uid', 'seriesinstanceuid'],
  study: ['study_instance_uid', 'studyinstanceuid'],
  frame: ['frame'],
  label: ['label', 'class'],
  mask: ['mask'],
  patientId: ['patient_id', 'patientid', 'patient'],
  split: ['split'],
  fold: ['fold'],
} as const;

const SPLIT_WORDS: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'test',
};
const FOLD_PARTS: readonly Part[] = ['test', 'validation', 'train', 'train', 'train'];

/**
 * Reads a label table: CSV with a head line; at least one of `file`, `sop_instance_uid`, `series_instance_uid`,
 * `study_instance_uid` and `patient_id` to say which films a row is about, and `frame` (from 1) for one frame of them; at
 * least one of `label` and `mask`; `split` (train, val, validation, test) and `fold` (0 test, 1 validation, 2 to 4 train) as
 * it has them. `split` goes before `fold`. Any other column is ignored.
 *
 * Units    paths of the table are relative to `base`, which is relative to the folder; '' if they are the same.
 * Errors   LABEL_TABLE_INVALID.
 */
export function parseLabelTable(text: string, base = ''): LabelTable {
  const [head, ...lines] = parseCsv(text);
  if (!head) throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it is empty' });
  const names = head.record.map((name) => name.trim().toLowerCase());
  const at = Object.fromEntries(
    Object.entries(COLUMNS).map(([column, known]) => [
      column,
      names.findIndex((name) => (known as readonly string[]).includes(name)),
    ]),
  ) as Record<keyof typeof COLUMNS, number>;
  if ([at.file, at.instance, at.series, at.study, at.patientId].every((column) => column < 0))
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it has no column that names films, such as "file"' });
  if (at.label < 0 && at.mask < 0)
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it has neither a column "label" nor a column "mask"' });
  const hasParts = at.split >= 0 || at.fold >= 0;
  return {
    rows: lines.map(({ record, line }) => {
      const cell = (column: keyof typeof COLUMNS) => record[at[column]]?.trim() || undefined;
      return {
        line,
        of: subjectOf(cell, base),
        frame: cell('frame') === undefined ? undefined : frameOf(cell('frame')!),
        label: cell('label'),
        mask: cell('mask') && pathFrom(base, cell('mask')!),
        patientId: cell('patientId'),
        part: hasParts ? partOf(cell('split'), cell('fold')) : undefined,
      };
    }),
    hasLabels: at.label >= 0,
    hasMasks: at.mask >= 0,
    hasParts,
  };
}

interface CsvLine {
  readonly record: string[];
  readonly line: number;
}

function parseCsv(text: string): CsvLine[] {
  try {
    const lines = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      max_record_size: 1 << 20,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return lines.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    const line = error instanceof Error && 'lines' in error ? Number(error.lines) : 0;
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it is not CSV', line }, error);
  }
}

function partOf(split: string | undefined, fold: string | undefined): Part | 'unknown' {
  if (split !== undefined) return SPLIT_WORDS[split.toLowerCase()] ?? 'unknown';
  if (fold !== undefined && /^\d$/.test(fold)) return FOLD_PARTS[Number(fold)] ?? 'unknown';
  return 'unknown';
}

function frameOf(text: string): number {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) - 1 : Number.NaN;
}

function subjectOf(cell: (column: keyof typeof COLUMNS) => string | undefined, base: string): LabelRow['of'] {
  const file = cell('file');
  if (file !== undefined) return { by: 'file', value: pathFrom(base, file) };
  for (const by of ['instance', 'series', 'study'] as const) {
    const uid = cell(by);
    if (uid !== undefined) return { by, value: uid };
  }
  const patient = cell('patientId');
  return patient === undefined ? { by: 'file', value: '' } : { by: 'patient', value: patient };
}

function pathFrom(base: string, path: string): string {
  return posix.normalize(posix.join(base, path.replaceAll('\\', '/')));
}
