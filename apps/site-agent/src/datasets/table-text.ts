import { ConsiliumError } from '@consilium/errors';
import { parse } from 'csv-parse/sync';

export interface TableLine {
  readonly cells: readonly string[];
  /** Of the file, from 1. */
  readonly line: number;
}

/** A table as spreadsheets write it: what it is written in was found, not assumed. */
export interface TableText {
  readonly head: TableLine | undefined;
  readonly lines: readonly TableLine[];
  readonly encoding: 'UTF-8' | 'UTF-16';
  readonly separator: Separator;
}

const SEPARATORS = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' } as const;
type Separator = keyof typeof SEPARATORS;

const LARGEST_RECORD_BYTES = 1 << 20;
/** Of a ZIP, such as a workbook. */
const ZIP_SIGNATURE = 'PK\u0003\u0004';

/**
 * Reads CSV in UTF-8, or in UTF-16 with its byte order mark, separated by commas, semicolons or tabs: by whichever of them
 * gives the head line most of the names that `isKnown` knows.
 *
 * Throws ConsiliumError of the code with a `problem` that says what to do, and the line where there is one.
 */
export function readTable(
  bytes: Uint8Array,
  isKnown: (name: string) => boolean,
  code: 'LABEL_TABLE_INVALID' | 'REQUEST_INVALID',
): TableText {
  const { text, encoding } = decodeTable(bytes, code);
  const separator = separatorOf(text, isKnown);
  const [head, ...lines] = parsed(text, separator, code);
  return { head, lines, encoding, separator };
}

export function separatorName(separator: Separator): string {
  return SEPARATORS[separator];
}

/** The text of a table, without its mark. Throws as `readTable`. */
export function decodeTable(
  bytes: Uint8Array,
  code: 'LABEL_TABLE_INVALID' | 'REQUEST_INVALID',
): Pick<TableText, 'encoding'> & { readonly text: string } {
  const refuse = (problem: string, line?: number): never => {
    throw new ConsiliumError(code, line === undefined ? { problem } : { problem, line });
  };
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (start === ZIP_SIGNATURE) refuse('it is a workbook, not a table: save it as "CSV UTF-8"');
  for (const [mark, name] of UTF_16)
    if (start.startsWith(mark))
      return { text: decodedAs(name, bytes) ?? refuse('it begins as UTF-16 and is not'), encoding: 'UTF-16' };
  if (bytes.includes(0))
    refuse('it holds zero bytes, as UTF-16 without a mark or a binary file does: save it as "CSV UTF-8"');
  const problem =
    'it is not UTF-8, so its letters beyond ASCII cannot be told: save it as "CSV UTF-8", or as Unicode text';
  return { text: decodedAs('utf-8', bytes) ?? refuse(problem, lineThatIsNotUtf8(bytes)), encoding: 'UTF-8' };
}

const UTF_16 = [
  ['\xff\xfe', 'utf-16le'],
  ['\xfe\xff', 'utf-16be'],
] as const;

/** Undefined where the bytes are not in that encoding. */
function decodedAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function lineThatIsNotUtf8(bytes: Uint8Array): number {
  for (let line = 1, from = 0; from <= bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    if (decodedAs('utf-8', bytes.subarray(from, to)) === undefined) return line;
    from = to + 1;
  }
  return 1;
}

function separatorOf(text: string, isKnown: (name: string) => boolean): Separator {
  const first = text.replace(/^\s+/, '').split(/\r\n|\r|\n/, 1)[0] ?? '';
  const found = (Object.keys(SEPARATORS) as Separator[]).map((separator) => {
    const names = first.split(separator).map((name) => name.replace(/^\s*"|"\s*$/g, ''));
    return { separator, known: names.filter(isKnown).length, names: names.length };
  });
  found.sort((a, b) => b.known - a.known || b.names - a.names);
  return found[0]!.separator;
}

function parsed(text: string, delimiter: Separator, code: 'LABEL_TABLE_INVALID' | 'REQUEST_INVALID'): TableLine[] {
  try {
    const lines = parse(text, {
      ...{ bom: true, info: true, skip_empty_lines: true, delimiter },
      max_record_size: LARGEST_RECORD_BYTES,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    // A spreadsheet writes rows of nothing but separators below its table.
    return lines
      .map(({ record, info }) => ({ cells: record.map(cleanCell), line: info.lines }))
      .filter(({ cells }) => cells.some((cell) => cell !== ''));
  } catch (error) {
    const line = error instanceof Error && 'lines' in error ? Number(error.lines) : 0;
    const problem = `it is not CSV: a line has another number of cells than the first, or a quote is not closed`;
    throw new ConsiliumError(code, { problem, line }, error);
  }
}

/** Blanks of every kind around a cell say nothing; `="0012"` is how a spreadsheet is told to keep a text. */
function cleanCell(text: string): string {
  const plain = text.normalize('NFC').trim();
  return /^="(.*)"$/.exec(plain)?.[1]?.trim() ?? plain;
}

/** Why a cell cannot be the id that was written into it; undefined where nothing is wrong with it. */
export function mangledId(id: string): string | undefined {
  if (/^\d+([.,]\d+)?E\+\d+$/i.test(id)) return 'a spreadsheet has rounded it to a power of ten';
  if (/^\d{15,}$/.test(id) && id.length > 15 && /^0+$/.test(id.slice(15)))
    return 'a spreadsheet has kept 15 of its digits and put zeros for the others';
  return undefined;
}
