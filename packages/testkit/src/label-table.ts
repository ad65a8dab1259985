import { ConsiliumError } from '@consilium/errors';

/** One row of a `labels.csv`; the README of this package has the contract. An empty text is an unknown. */
export interface LabelRow {
  readonly file: string;
  readonly patientId: string;
  /** Name of the class; '' for segmentation. */
  readonly label: string;
  /** Relative path of the mask's PNG; '' for classification. */
  readonly mask: string;
  /** '0' test, '1' validation, '2' to '4' training; undefined leaves the split to the site. */
  readonly fold?: string;
}

/** The text of a `labels.csv`. The column `fold` is there if the first row has one. */
export function labelTable(rows: readonly LabelRow[]): string {
  const hasFold = rows[0]?.fold !== undefined;
  const names = ['file', 'patient_id', 'label', 'mask', ...(hasFold ? ['fold'] : [])];
  const lines = rows.map((row) =>
    [row.file, row.patientId, row.label, row.mask, ...(hasFold ? [row.fold ?? ''] : [])].map(cell).join(','),
  );
  return `${[names.join(','), ...lines].join('\n')}\n`;
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows of a CSV text with a header, as records (RFC 4180: quoted cells, doubled quotes, line ends inside quotes). */
export function parseCsv(text: string): Record<string, string>[] {
  const [names, ...rows] = cellsOf(text);
  if (names === undefined) throw new ConsiliumError('LABEL_TABLE_INVALID', { rows: 0 });
  return rows.map((cells, index) => {
    if (cells.length !== names.length) throw new ConsiliumError('LABEL_TABLE_INVALID', { row: index + 2 });
    return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
  });
}

function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/gy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw new ConsiliumError('LABEL_TABLE_INVALID', { row: rows.length + 1 });
    const raw = match[1]!;
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (match[2] === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
