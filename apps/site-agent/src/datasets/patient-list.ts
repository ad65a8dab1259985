import { ConsiliumError } from '@consilium/errors';
import { decodeTable, mangledId, readTable } from './table-text.js';

const COLUMN = ['patient_id', 'patientid', 'patient'];

/**
 * Reads the ids of patients: one a line, or the column `patient_id` of a CSV with a head line. Blank lines do not count.
 *
 * Errors   REQUEST_INVALID.
 */
export function parsePatientList(bytes: Uint8Array): Set<string> {
  const rows = rowsOf(bytes).filter(({ id }) => id !== '');
  for (const { id, line } of rows) {
    const problem = mangledId(id);
    if (problem !== undefined)
      throw new ConsiliumError('REQUEST_INVALID', { problem: `${id} is no id: ${problem}`, line });
  }
  if (rows.length === 0) throw new ConsiliumError('REQUEST_INVALID', { problem: 'the list names no patient' });
  return new Set(rows.map(({ id }) => id));
}

function rowsOf(bytes: Uint8Array): { readonly id: string; readonly line: number }[] {
  const lines = decodeTable(bytes, 'REQUEST_INVALID').text.split(/\r\n|\r|\n/);
  const isTable = (lines[0] ?? '').split(/[,;\t]/).some((name) => isColumn(name.replace(/^\s*"|"\s*$/g, '')));
  if (!isTable) return lines.map((id, at) => ({ id: id.normalize('NFC').trim(), line: at + 1 }));
  const table = readTable(bytes, isColumn, 'REQUEST_INVALID');
  const column = table.head!.cells.findIndex(isColumn);
  return table.lines.map(({ cells, line }) => ({ id: cells[column] ?? '', line }));
}

function isColumn(name: string): boolean {
  return COLUMN.includes(name.trim().toLowerCase());
}
