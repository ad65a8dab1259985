import { posix } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import type { Part } from './image.js';
import type { JoinKind } from './keyed-hash.js';
import { mangledId, readTable, separatorName, type TableLine } from './table-text.js';

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
  /** How it was read, for whoever filled it in. */
  readonly reading: TableReading;
}

export interface TableReading {
  /** As the head line has them. */
  readonly columns: readonly string[];
  /** Columns that are not read. */
  readonly others: readonly string[];
  readonly form: string;
}

/** Column -> the names it may have, the preferred one first; case, blanks, `-` and `_` in a name do not count. */
const COLUMNS = {
  file: ['file', 'image', 'path'],
  instance: ['sop_instance_uid'],
  series: ['series_instance_uid'],
  study: ['study_instance_uid'],
  frame: ['frame'],
  label: ['label', 'class'],
  mask: ['mask'],
  patientId: ['patient_id', 'patient'],
  split: ['split'],
  fold: ['fold'],
} as const;
type Column = keyof typeof COLUMNS;
/** Of films: a row needs one of them. */
const NAMING = ['file', 'instance', 'series', 'study', 'patientId'] as const satisfies readonly Column[];
const KNOWN = new Set(Object.values(COLUMNS).flatMap((names) => names.map(plainName)));

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
 * Reads a label table: CSV with a head line (see `readTable`); at least one of `file`, `sop_instance_uid`,
 * `series_instance_uid`, `study_instance_uid` and `patient_id` to say which films a row is about, and `frame` (from 1) for
 * one frame of them; at least one of `label` and `mask`; `split` (train, val, validation, test) and `fold` (0 test,
 * 1 validation, 2 to 4 train) as it has them. `split` goes before `fold`. Any other column is not read.
 *
 * Units    paths of the table are relative to `base`, which is relative to the folder; '' if they are the same.
 * Errors   LABEL_TABLE_INVALID, with what was found and what would do.
 */
export function parseLabelTable(bytes: Uint8Array, base = ''): LabelTable {
  const { head, lines, encoding, separator } = readTable(
    bytes,
    (name) => KNOWN.has(plainName(name)),
    'LABEL_TABLE_INVALID',
  );
  if (!head) throw new ConsiliumError('LABEL_TABLE_INVALID', { problem: 'it is empty' });
  const at = columnsOf(head.cells, lines[0]);
  const read = new Set(Object.values(at));
  const hasParts = at.split >= 0 || at.fold >= 0;
  return {
    rows: lines.map(({ cells, line }) => {
      const cell = (column: Column) => cells[at[column]] || undefined;
      requireWholeIds(cell, at, head.cells, line);
      return {
        line,
        of: subjectOf(cell, base),
        frame: cell('frame') === undefined ? undefined : frameOf(cell('frame')!),
        label: cell('label')?.replace(/\s+/gu, ' '),
        mask: cell('mask') && pathFrom(base, cell('mask')!),
        patientId: cell('patientId'),
        part: hasParts ? partOf(cell('split'), cell('fold')) : undefined,
      };
    }),
    hasLabels: at.label >= 0,
    hasMasks: at.mask >= 0,
    hasParts,
    reading: {
      columns: head.cells.filter((_, i) => read.has(i)),
      others: head.cells.filter((name, i) => !read.has(i) && name !== ''),
      form: `${encoding}, separated by ${separatorName(separator)}`,
    },
  };
}

/** Errors  LABEL_TABLE_INVALID: a column that is needed and missing, or said by two. */
function columnsOf(names: readonly string[], first: TableLine | undefined): Record<Column, number> {
  const refuse = (problem: string) => {
    throw new ConsiliumError('LABEL_TABLE_INVALID', { problem });
  };
  const found = (wanted: string) => names.flatMap((name, i) => (plainName(name) === plainName(wanted) ? [i] : []));
  const at = Object.fromEntries(
    Object.entries(COLUMNS).map(([column, [preferred, ...others]]) => {
      const own = found(preferred);
      const candidates = own.length > 0 ? own : others.flatMap(found);
      if (candidates.length > 1)
        refuse(
          `two columns could be the ${preferred}: ${quoted(candidates.map((i) => names[i]!))}; name one of them ${preferred}`,
        );
      return [column, candidates[0] ?? -1];
    }),
  ) as Record<Column, number>;
  const seen = `found the columns ${quoted(names)}${first ? `, and in line ${first.line} ${quoted(first.cells)}` : ''}`;
  const template = '`consilium site dataset template` writes a table to fill in';
  if (NAMING.every((column) => at[column] < 0)) {
    const would = NAMING.map((column) => COLUMNS[column][0]).join(', ');
    refuse(`it has no column that names films: one of ${would}; ${seen}; ${template}`);
  }
  if (at.label < 0 && at.mask < 0) refuse(`it has neither a column label nor a column mask; ${seen}; ${template}`);
  return at;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

const MOST_QUOTED = 12;
const LONGEST_QUOTED = 40;

function quoted(texts: readonly string[]): string {
  const shown = texts.slice(0, MOST_QUOTED).map((text) => `"${text.slice(0, LONGEST_QUOTED)}"`);
  return texts.length > MOST_QUOTED ? `${shown.join(', ')} and ${texts.length - MOST_QUOTED} more` : shown.join(', ');
}

/** Errors  LABEL_TABLE_INVALID for an id that a spreadsheet has changed past recognition. */
function requireWholeIds(
  cell: (column: Column) => string | undefined,
  at: Record<Column, number>,
  names: readonly string[],
  line: number,
): void {
  for (const column of NAMING) {
    if (column === 'file') continue;
    const id = cell(column);
    const problem = id === undefined ? undefined : mangledId(id);
    if (problem !== undefined)
      throw new ConsiliumError('LABEL_TABLE_INVALID', {
        problem: `the ${names[at[column]]!} ${id!.slice(0, LONGEST_QUOTED)} is no id: ${problem}; make the column text before it is filled`,
        line,
      });
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

function subjectOf(cell: (column: Column) => string | undefined, base: string): LabelRow['of'] {
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
