import { expect, it } from 'vitest';
import { type JoinKeys, joinKey } from './keyed-hash.js';
import { LabelJoin } from './label-join.js';
import { parseLabelTable } from './label-table.js';

const key = Buffer.alloc(32, 6);
const keysOf = (more: Partial<JoinKeys>): JoinKeys => {
  const named = { file: 'a.dcm', instance: '1.1', series: '1', study: '9', patient: 'P', ...more };
  const hashed = Object.entries(named).map(([kind, value]) => [kind, joinKey(key, kind as keyof JoinKeys, value)]);
  return Object.fromEntries(hashed) as JoinKeys;
};
const joinOf = (...lines: string[]) => new LabelJoin(parseLabelTable(Buffer.from(lines.join('\n'))), new Map(), key);
const labelOf = (join: LabelJoin, frame = 0, keys = keysOf({})) => join.labelsOf(0, keys).ofFrame(frame).label;

it('takes each field from the most specific line that gives it', () => {
  const head = 'file,sop_instance_uid,series_instance_uid,study_instance_uid,patient_id,label,mask,split';
  const lines = [',,,,P,patient,,', ',,,9,,study,,train', ',,1,,,series,,', ',1.1,,,,instance,,', 'a.dcm,,,,,,m.png,'];
  for (const [count, label] of ['patient', 'study', 'series', 'instance'].entries())
    expect(labelOf(joinOf(head, ...lines.slice(0, count + 1)))).toBe(label);
  const all = joinOf(head, ...lines).labelsOf(0, keysOf({}));
  expect(all.ofFrame(0)).toEqual({ label: 'instance', mask: 'm.png' });
  expect(all).toMatchObject({ isNamed: true, patientId: 'P', part: 'train' });
  const other = keysOf({ file: 'b', instance: '2', series: '2', study: '2', patient: 'Q' });
  expect(joinOf(head, ...lines).labelsOf(0, other).isNamed).toBe(false);
});

it('a line with a frame is about that frame, one without about all', () => {
  const join = joinOf('file,frame,label', 'a.dcm,2,second', 'a.dcm,,any');
  expect([0, 1, 2].map((frame) => labelOf(join, frame))).toEqual(['any', 'second', 'any']);
  expect(labelOf(joinOf('file,frame,label', 'a.dcm,two,second'), 1)).toBeUndefined();
});

it('lines of one rank that agree are one, and those that differ contradict each other', () => {
  expect(labelOf(joinOf('patient_id,label', 'P,x', 'P,x'))).toBe('x');
  const differ = joinOf('patient_id,label', 'P,x', 'P,y');
  expect(() => labelOf(differ)).toThrow(expect.objectContaining({ reason: 'label-repeated' }));
});

it('the mask of a line about many pictures is of one of them', () => {
  const join = joinOf('patient_id,label,mask', 'P,x,m.png');
  expect(join.labelsOf(3, keysOf({})).ofFrame(0)).toEqual({ label: 'x', mask: 'm.png' });
  expect(join.labelsOf(3, keysOf({})).ofFrame(0).mask).toBe('m.png');
  const second = keysOf({ file: 'b.dcm', instance: '1.2' });
  expect(() => join.labelsOf(4, second)).toThrow(expect.objectContaining({ reason: 'label-taken' }));
});
