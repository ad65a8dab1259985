import type { DicomHeader } from '@consilium/dicom';
import { type OrphanLabel, SetAside } from './ingest-ledger.js';
import type { LabelRow, LabelTable } from './label-table.js';
import type { FoundFile } from './walk-folder.js';

/** One file has one name, however its accents are stored. */
export function nameKey(file: string): string {
  return file.normalize('NFC');
}

/** Finds the row of each picture, and at the end the rows that no picture belongs to. */
export class LabelJoin {
  private readonly rows: ReadonlyMap<string, readonly LabelRow[]>;
  private readonly taken = new Set<LabelRow>();

  constructor(
    readonly table: LabelTable,
    private readonly found: ReadonlyMap<string, FoundFile>,
  ) {
    this.rows = Map.groupBy(table.rows, (row) => keyOf(row.of.by, row.of.value));
  }

  /** Throws SetAside: no-label, label-repeated, label-taken (a row that names a patient serves one film). */
  rowOf(file: string, header: DicomHeader): LabelRow {
    const [row, second] =
      this.rows.get(keyOf('file', file)) ??
      this.rows.get(keyOf('uid', header.sopInstanceUid)) ??
      this.rows.get(keyOf('patient', header.patientId)) ??
      [];
    if (!row) throw new SetAside('no-label');
    if (second) throw new SetAside('label-repeated');
    if (this.taken.has(row)) throw new SetAside('label-taken');
    this.taken.add(row);
    return row;
  }

  /** True if a row's film may be there: surely not when it names a file that is missing. */
  mayHaveImage({ of }: LabelRow): boolean {
    return of.by !== 'file' || this.found.get(nameKey(of.value))?.isRegular === true;
  }

  /** Complete when every picture has been read. */
  orphans(): OrphanLabel[] {
    return this.table.rows
      .filter((row) => (row.of.by === 'file' ? !this.mayHaveImage(row) : !this.isTaken(row)))
      .map(({ line, of }) => ({ line, names: of.value }));
  }

  private isTaken(row: LabelRow): boolean {
    const [first] = this.rows.get(keyOf(row.of.by, row.of.value))!;
    return this.taken.has(row) || this.taken.has(first!);
  }
}

function keyOf(by: LabelRow['of']['by'], value: string): string {
  return `${by} ${by === 'file' ? nameKey(value) : value}`;
}
