import type { Part } from './image.js';
import { type OrphanLabel, SetAside } from './ingest-ledger.js';
import { type JoinKeys, type JoinKind, joinKey, nameKey } from './keyed-hash.js';
import type { LabelRow, LabelTable } from './label-table.js';
import { nearIds } from './near-ids.js';
import type { FoundFile } from './walk-folder.js';

/** What the table says of one file. */
export interface FileLabels {
  /** False when no line names the file in any way. */
  readonly isNamed: boolean;
  readonly patientId: string | undefined;
  readonly part: Part | 'unknown' | undefined;
  /** Throws SetAside: label-repeated. */
  ofFrame(frame: number): { readonly label: string | undefined; readonly mask: string | undefined };
}

type Field = 'label' | 'mask' | 'patientId' | 'part';

/** From the most specific to the least. */
const LEVELS: readonly JoinKind[] = ['file', 'instance', 'series', 'study', 'patient'];
/** A line of these serves one picture; a mask on a line of the others can only be of one picture too. */
const OF_ONE_FILE: ReadonlySet<JoinKind> = new Set(['file', 'instance']);

/**
 * Finds what the table says of each picture, and at the end the lines that no picture belongs to.
 *
 * A line serves every picture that it names: one that names a patient, all of the patient's. Where several lines name a
 * picture, each field is taken from the most specific one that gives it: file, instance, series, study, patient, and a line
 * with a frame before one without. Lines of one rank that differ contradict each other, and the picture is set aside.
 */
export class LabelJoin {
  private readonly rows: ReadonlyMap<string, readonly LabelRow[]>;
  private readonly matched = new Set<readonly LabelRow[]>();
  private readonly masksTakenBy = new Map<LabelRow, number>();
  /** Keyed hashes of the patients that pictures have. */
  private readonly patients = new Set<string>();

  constructor(
    readonly table: LabelTable,
    private readonly found: ReadonlyMap<string, FoundFile>,
    private readonly key: Uint8Array,
  ) {
    this.rows = Map.groupBy(table.rows, (row) => this.keyOf(row));
  }

  /**
   * The same file may be asked for again. Throws SetAside: label-repeated, patient-id-mangled, label-taken (the mask of a line that names a
   * series, study or patient serves one film).
   */
  labelsOf(ordinal: number, keys: JoinKeys): FileLabels {
    this.patients.add(keys.patient);
    const own = LEVELS.flatMap((level) => this.rowsAt(level, keys));
    for (const row of own) this.requireSamePatient(row, keys);
    for (const row of own) this.requireMaskFree(row, ordinal);
    const ofFile = ranksOf(own.filter((row) => row.frame === undefined));
    return {
      isNamed: own.length > 0,
      patientId: fieldOf(ranksOf(own), 'patientId'),
      part: knownPart(own) ?? fieldOf(ranksOf(own), 'part'),
      ofFrame: (frame) => {
        const ofFrame = ranksOf(own.filter((row) => row.frame === frame));
        const field = (name: 'label' | 'mask') => fieldOf([...ofFrame, ...ofFile], name);
        return { label: field('label'), mask: field('mask') };
      },
    };
  }

  /** True if a row's film may be there: surely not when it names a file that is missing. */
  mayHaveImage({ of }: LabelRow): boolean {
    return of.by !== 'file' || this.found.get(nameKey(of.value))?.isRegular === true;
  }

  /** Complete when every picture has been asked for. */
  orphans(): OrphanLabel[] {
    return this.table.rows
      .filter((row) => (row.of.by === 'file' ? !this.mayHaveImage(row) : !this.isMatched(row)))
      .map(({ line, of }) => ({
        line,
        names: of.value,
        near: of.by === 'patient' ? this.nearPatient(of.value) : undefined,
      }));
  }

  /** A patient that pictures have, whose id differs in case, blanks or leading zeros alone. */
  private nearPatient(id: string): string | undefined {
    return nearIds(id).find((near) => this.patients.has(joinKey(this.key, 'patient', near)));
  }

  /** A line may give a picture another patient, but not one whose id a spreadsheet has changed. */
  private requireSamePatient({ of, patientId }: LabelRow, keys: JoinKeys): void {
    if (patientId === undefined || of.by === 'patient') return;
    const isPatient = (id: string) => joinKey(this.key, 'patient', id) === keys.patient;
    if (!isPatient(patientId) && nearIds(patientId).some(isPatient)) throw new SetAside('patient-id-mangled');
  }

  private rowsAt(level: JoinKind, keys: JoinKeys): readonly LabelRow[] {
    const rows = this.rows.get(`${level} ${keys[level]}`);
    if (!rows) return [];
    this.matched.add(rows);
    return rows;
  }

  private isMatched(row: LabelRow): boolean {
    return this.matched.has(this.rows.get(this.keyOf(row))!);
  }

  private keyOf({ of }: LabelRow): string {
    return `${of.by} ${joinKey(this.key, of.by, of.by === 'file' ? nameKey(of.value) : of.value)}`;
  }

  private requireMaskFree(row: LabelRow, ordinal: number): void {
    if (row.mask === undefined || OF_ONE_FILE.has(row.of.by)) return;
    const owner = this.masksTakenBy.get(row) ?? ordinal;
    if (owner !== ordinal) throw new SetAside('label-taken');
    this.masksTakenBy.set(row, ordinal);
  }
}

/** Rows of one level each, in the order of the levels. */
function ranksOf(rows: readonly LabelRow[]): (readonly LabelRow[])[] {
  return [...Map.groupBy(rows, (row) => row.of.by).values()];
}

function fieldOf<F extends Field>(ranks: readonly (readonly LabelRow[])[], field: F): LabelRow[F] {
  for (const rows of ranks) {
    const values = new Set(rows.flatMap((row) => (row[field] === undefined ? [] : [row[field]])));
    if (values.size > 1) throw new SetAside('label-repeated');
    if (values.size === 1) return [...values][0]!;
  }
  return undefined;
}

/** A less specific line may know the part that a more specific one leaves open. */
function knownPart(rows: readonly LabelRow[]): Part | undefined {
  const known = rows.filter((row) => row.part !== 'unknown');
  return fieldOf(ranksOf(known), 'part') as Part | undefined;
}
