import { expect, it } from 'vitest';
import { code, imageAt, type ObjectElements, readObject, SR } from '../object.fixture.js';

const item = (relationship: string, valueType: string, concept: string, more: ObjectElements = {}): ObjectElements => ({
  '0040a010 CS': relationship,
  '0040a040 CS': valueType,
  '0040a043 SQ': code(concept),
  ...more,
});
const coded = (concept: string, value: string, below: readonly ObjectElements[] = [], relationship = 'CONTAINS') =>
  item(relationship, 'CODE', concept, { '0040a168 SQ': code(value), '0040a730 SQ': below });
const text = (concept: string, value: string, relationship = 'CONTAINS') =>
  item(relationship, 'TEXT', concept, { '0040a160 UT': value });
const picture = (uid: string, relationship = 'CONTAINS', frames?: string) =>
  item(relationship, 'IMAGE', 'Source', {
    '00081199 SQ': [{ '00081155 UI': uid, ...(frames === undefined ? {} : { '00081160 IS': frames }) }],
  });
const group = (...children: ObjectElements[]) => item('CONTAINS', 'CONTAINER', 'Group', { '0040a730 SQ': children });
const report = (children: readonly ObjectElements[], more: ObjectElements = {}) =>
  readObject(SR, {
    '00080018 UI': '1.9',
    '0020000d UI': '1.2',
    '0040a040 CS': 'CONTAINER',
    '0040a730 SQ': children,
    ...more,
  });
const said = (annotations: ReturnType<typeof report>, changes = {}) =>
  annotations.findingsOf(imageAt(0, changes)).map(({ concept, value }) => `${concept.value}=${value}`);

it('a finding is about the pictures below it, then about those of its container, then of the ones around', () => {
  const sr = report([
    picture('1.2.3'),
    coded('A', 'around'),
    group(coded('B', 'inherits')),
    group(picture('1.2.4'), coded('C', 'of the group'), coded('D', 'its own', [picture('1.2.3', 'INFERRED FROM')])),
  ]);
  expect(said(sr)).toEqual(['A=around', 'B=inherits', 'D=its own']);
  expect(said(sr, { sopInstanceUid: '1.2.4' })).toEqual(['C=of the group']);
});

it('a region counts with the picture that it was drawn on', () => {
  const region = item('CONTAINS', 'SCOORD', 'Region', { '0040a730 SQ': [picture('1.2.3', 'SELECTED FROM', '3')] });
  const sr = report([group(region, coded('A', 'nodule'))]);
  expect(said(sr, { frame: 3 })).toEqual(['A=nodule']);
  expect(said(sr, { frame: 2 })).toEqual([]);
});

it('without any picture a finding is about the evidence, or else about the study', () => {
  const evidence = {
    '0020000d UI': '1.2',
    '00081115 SQ': [{ '0020000e UI': '1.4', '00081199 SQ': [{ '00081155 UI': '1.2.3' }] }],
  };
  const rests = report([coded('A', 'nodule')], { '0040a375 SQ': [evidence] });
  expect(said(rests)).toEqual(['A=nodule']);
  expect(said(rests, { sopInstanceUid: '1.2.4' })).toEqual([]);
  const loose = report([coded('A', 'nodule')]);
  expect(said(loose, { sopInstanceUid: '1.2.4' })).toEqual(['A=nodule']);
  expect(said(loose, { studyInstanceUid: '1.3' })).toEqual([]);
});

it('reads codes, texts and numbers with their unit; not circumstances, persons or dates', () => {
  const measured = { '0040a300 SQ': [{ '0040a30a DS': '12.5', '004008ea SQ': code('mm', 'millimeter', 'UCUM') }] };
  const sr = report(
    [
      coded('Language', 'English', [], 'HAS CONCEPT MOD'),
      text('Observer', 'Dr Example', 'HAS OBS CONTEXT'),
      item('CONTAINS', 'PNAME', 'Physician', { '0040a123 PN': 'Example^Ada' }),
      item('CONTAINS', 'DATE', 'Date', { '0040a121 DA': '20240101' }),
      text('Impression', 'größer'),
      item('CONTAINS', 'NUM', 'Diameter', measured),
      coded('Nothing', ''),
    ],
    { '00080005 CS': 'ISO_IR 192' },
  );
  expect(said(sr)).toEqual(['Impression=größer', 'Diameter=12.5 mm']);
});

it('refuses a report that is nested too deep', () => {
  const nested = (depth: number): ObjectElements => (depth === 0 ? coded('A', 'deep') : group(nested(depth - 1)));
  expect(said(report([nested(60)]))).toEqual(['A=deep']);
  expect(() => report([nested(70)])).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});
