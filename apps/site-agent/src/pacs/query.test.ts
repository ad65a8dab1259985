import { expect, it } from 'vitest';
import { isUnbounded, parseQuery, studyMatches } from './query.js';
import { query } from './testing/pacs.fixture.js';

it('asks one question for each combination of alternatives', () => {
  const asked = studyMatches(query('PatientID=P1,P2', 'ModalitiesInStudy=CT, MR', 'StudyDate=2024-01-01-2024-12-31'));
  expect(asked).toHaveLength(4);
  expect(asked).toContainEqual({ PatientID: 'P2', ModalitiesInStudy: 'MR', StudyDate: '20240101-20241231' });
  expect(studyMatches(query())).toEqual([{}]);
});

it.each([
  ['20240229', '20240229-20240229'],
  ['20240101-', '20240101-'],
  ['-20240101', '-20240101'],
])('reads the date %s', (text, range) => {
  expect(studyMatches(query(`StudyDate=${text}`))).toEqual([{ StudyDate: range }]);
});

it('knows what is unbounded', () => {
  expect(isUnbounded(query())).toBe(true);
  for (const words of ['PatientID=1', 'BodyPartExamined=CHEST', 'StudyDate=20240101'])
    expect(isUnbounded(query(words))).toBe(false);
});

it.each([
  'PatientName=X',
  'PatientID',
  'PatientID=',
  'PatientID=*',
  'PatientID=1?',
  'PatientID=1\\2',
  'PatientID=a\nb',
  'StudyInstanceUID=1.2.x',
  'StudyInstanceUID=1',
  `StudyInstanceUID=${'1.'.repeat(33)}1`,
  'ModalitiesInStudy=ct',
  'StudyDate=20240230',
  'StudyDate=2024',
  'StudyDate=20241231-20240101',
  'StudyDate=-',
  `StudyDescription=${'x'.repeat(65)}`,
  'StudyDescription=\u001b[2J',
])('refuses %j', (word) => {
  const problems: string[] = [];
  parseQuery([word], problems);
  expect(problems).toHaveLength(1);
});

it('reports every problem, and a key that comes twice', () => {
  const problems: string[] = [];
  parseQuery(['X=1', 'PatientID=1', 'PatientID=2', 'StudyDate=no'], problems);
  expect(problems).toHaveLength(3);
});

it('refuses a query that would be ten thousand questions and more', () => {
  const many = Array.from({ length: 101 }, (_, i) => i).join(',');
  expect(() => studyMatches(query(`PatientID=${many}`, `AccessionNumber=${many}`))).toThrowError(
    expect.objectContaining({ code: 'REQUEST_INVALID' }),
  );
});
