import { ConsiliumError } from '@consilium/errors';
import { parse } from 'csv-parse/sync';

const COLUMN = ['patient_id', 'patientid', 'patient'];

/**
 * Reads the ids of patients: one a line, or the column `patient_id` of a CSV with a head line. Blank lines do not count.
 *
 * Errors   REQUEST_INVALID.
 */
export function parsePatientList(text: string): Set<string> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const head = (lines[0] ?? '').split(',').map((name) => name.trim().replace(/^"|"$/g, '').toLowerCase());
  const column = head.findIndex((name) => COLUMN.includes(name));
  const ids = column < 0 ? lines : cellsOf(text, column);
  const patients = new Set(ids.map((id) => id.trim()).filter((id) => id !== ''));
  if (patients.size === 0) throw new ConsiliumError('REQUEST_INVALID', { problem: 'the list names no patient' });
  return patients;
}

function cellsOf(text: string, column: number): string[] {
  try {
    const [, ...rows] = parse(text, { bom: true, skip_empty_lines: true, max_record_size: 1 << 20 }) as string[][];
    return rows.map((row) => row[column] ?? '');
  } catch (error) {
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'the list of patients is not CSV' }, error);
  }
}
