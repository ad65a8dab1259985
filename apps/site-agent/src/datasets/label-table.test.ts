import { expect, it } from 'vitest';
import { parseLabelTable } from './label-table.js';

const tableOf = (text: string, base?: string) => parseLabelTable(Buffer.from(text), base);

it('reads a table with a byte order mark, quotes, blank lines and columns it does not know', () => {
  const table = tableOf('\ufeffFile,Label,note\r\n"a, b.dcm", nodule ,x\r\n\r\n./sub\\c.dcm,,y\r\n');
  expect(table.hasLabels).toBe(true);
  expect(table.hasMasks).toBe(false);
  expect(table.rows).toEqual([
    {
      line: 2,
      of: { by: 'file', value: 'a, b.dcm' },
      frame: undefined,
      label: 'nodule',
      mask: undefined,
      patientId: undefined,
      part: undefined,
    },
    {
      line: 4,
      of: { by: 'file', value: 'sub/c.dcm' },
      frame: undefined,
      label: undefined,
      mask: undefined,
      patientId: undefined,
      part: undefined,
    },
  ]);
});

it('reads parts from split words and from folds, and split goes before fold', () => {
  const parts = (text: string) => tableOf(text).rows.map(({ part }) => part);
  expect(parts('file,label,split\na,x,train\nb,x,val\nc,x,Validation\nd,x,test\ne,x,dev\nf,x,')).toEqual([
    'train',
    'validation',
    'validation',
    'test',
    'unknown',
    'unknown',
  ]);
  expect(parts('file,label,fold\na,x,0\nb,x,1\nc,x,2\nd,x,3\ne,x,4\nf,x,5\ng,x,-1')).toEqual([
    'test',
    'validation',
    'train',
    'train',
    'train',
    'unknown',
    'unknown',
  ]);
  expect(parts('file,label,fold,split\na,x,0,train\nb,x,1,')).toEqual(['train', 'validation']);
});

it.each([
  ['an empty file', '', 'it is empty'],
  [
    'no column that names films',
    'name,label\na,b',
    expect.stringMatching(
      /no column that names films: one of file, .*found the columns "name", "label", and in line 2 "a", "b"/,
    ),
  ],
  ['nothing to learn', 'file,age\na,3', expect.stringContaining('it has neither a column label nor a column mask')],
  ['lines of another length', 'file,label\na,b,c', expect.stringContaining('it is not CSV')],
])('refuses %s with its reason', (_, text, problem) => {
  expect(() => tableOf(text)).toThrow(
    expect.objectContaining({ code: 'LABEL_TABLE_INVALID', detail: expect.objectContaining({ problem }) }),
  );
});

it('a row is about the first of file, UID and patient that it gives; paths start at the base', () => {
  const text = 'file,sop_instance_uid,patient_id,label,mask\n../a.dcm,1.2,P,x,m.png\n,1.2,P,x,\n,,P,x,\n';
  const { rows } = tableOf(text, 'tables');
  expect(rows.map(({ of }) => of)).toEqual([
    { by: 'file', value: 'a.dcm' },
    { by: 'instance', value: '1.2' },
    { by: 'patient', value: 'P' },
  ]);
  expect(rows[0]!.mask).toBe('tables/m.png');
});
