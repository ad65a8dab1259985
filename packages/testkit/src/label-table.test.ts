import { errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import { labelTable, parseCsv } from './label-table.js';

it('reads back what it wrote, whatever is in a cell', () => {
  const rows = [
    { file: 'a,b.dcm', patientId: 'say "x"', label: 'two\nlines', mask: '', fold: '0' },
    { file: 'c.dcm', patientId: 'p', label: '', mask: 'm.png', fold: '4' },
  ];
  expect(parseCsv(labelTable(rows))).toEqual([
    { file: 'a,b.dcm', patient_id: 'say "x"', label: 'two\nlines', mask: '', fold: '0' },
    { file: 'c.dcm', patient_id: 'p', label: '', mask: 'm.png', fold: '4' },
  ]);
});

it.each(['a,b\n1\n', 'a,b\n1,2,3\n', 'a\n"x"y\n', ''])('refuses %j', (text) => {
  let code = 'none';
  try {
    parseCsv(text);
  } catch (error) {
    code = errorCode(error);
  }
  expect(code).toBe('LABEL_TABLE_INVALID');
});

it('takes the line ends of Windows, and a last line without one', () => {
  expect(parseCsv('a,b\r\n1,\r\n,2')).toEqual([
    { a: '1', b: '' },
    { a: '', b: '2' },
  ]);
});
