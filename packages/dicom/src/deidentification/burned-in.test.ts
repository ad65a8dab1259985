import { expect, it } from 'vitest';
import { type BurnedInFacts, burnedInVerdict, readBurnedInFacts } from '../index.js';
import { drawText } from './letters.fixture.js';

const facts: BurnedInFacts = {
  burnedInAnnotation: '',
  recognizableVisualFeatures: '',
  sopClassUid: '1.2.840.10008.5.1.4.1.1.1',
  modality: 'CR',
  imageType: ['ORIGINAL', 'PRIMARY'],
  conversionType: '',
  manufacturer: 'ACME',
  hasEmbeddedOverlay: false,
};

const blank = { rows: 200, columns: 300, grey: new Float32Array(60_000).fill(40) };
const written = { ...blank, grey: blank.grey.slice() };
drawText(written, 'DOE JANE', { row: 20, column: 20 }, 255, 2);

it('calls a plain film clean, and one with letters suspected', () => {
  expect(burnedInVerdict(facts, [blank])).toEqual({ verdict: 'clean', reasons: [], regions: [] });
  const { verdict, reasons, regions } = burnedInVerdict(facts, [blank, written]);
  expect(verdict).toBe('suspected');
  expect(reasons).toEqual([expect.stringMatching(/lines that look like text/)]);
  expect(regions[0]!.row).toBeLessThan(25);
});

it('believes a file that says it has text, and one that says it has none only if nothing is seen', () => {
  expect(burnedInVerdict({ ...facts, burnedInAnnotation: 'YES' }, [blank]).verdict).toBe('declared');
  expect(burnedInVerdict({ ...facts, recognizableVisualFeatures: 'YES' }, []).verdict).toBe('declared');
  expect(burnedInVerdict({ ...facts, burnedInAnnotation: 'NO' }, [written]).verdict).toBe('suspected');
});

it.each([
  ['ultrasound', { modality: 'US' }, true],
  ['ultrasound', { sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1' }, true],
  ['secondary capture', { sopClassUid: '1.2.840.10008.5.1.4.1.1.7.4' }, true],
  ['screen save', { imageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'] }, false],
  ['digitised film, video or drawing', { conversionType: 'DF' }, true],
  ['encapsulated document', { sopClassUid: '1.2.840.10008.5.1.4.1.1.104.1' }, false],
  ['photograph or video of a person', { sopClassUid: '1.2.840.10008.5.1.4.1.1.77.1.4' }, true],
  ['overlay in compressed pixels', { hasEmbeddedOverlay: true }, false],
])('suspects by kind: %s %j', (reason, some, yieldsToTag) => {
  expect(burnedInVerdict({ ...facts, ...some }, [blank])).toMatchObject({ verdict: 'suspected', reasons: [reason] });
  const denied = { ...facts, ...some, burnedInAnnotation: 'NO' };
  expect(burnedInVerdict(denied, [blank]).verdict).toBe(yieldsToTag ? 'clean' : 'suspected');
  expect(burnedInVerdict(denied, []).verdict).toBe('suspected'); // nobody has looked
});

it('does not take a class for another one that begins with the same digits', () => {
  const sopClassUid = '1.2.840.10008.5.1.4.1.1.77.1.6'; // whole slide microscopy
  expect(burnedInVerdict({ ...facts, sopClassUid }, [blank]).verdict).toBe('clean');
});

it('names the banner of ultrasound as a region', () => {
  expect(burnedInVerdict({ ...facts, modality: 'US' }, [blank]).regions).toEqual([
    { row: 0, column: 0, rows: 20, columns: 300, score: 0 },
  ]);
});

it('reads the facts from a data set', () => {
  const text = (tag: number, vr: string, value: string) =>
    ({ tag, vr, kind: 'value', value: Buffer.from(value) }) as const;
  const read = readBurnedInFacts([
    text(0x00080008, 'CS', 'DERIVED\\SECONDARY\\SCREEN SAVE '),
    text(0x00080060, 'CS', 'us'),
    text(0x00280301, 'CS', 'YES '),
    text(0x60000102, 'US', '\u0008\u0000'),
    { tag: 0x7fe00010, vr: 'OB', kind: 'fragments', fragments: [] },
  ]);
  expect(read).toMatchObject({ modality: 'US', burnedInAnnotation: 'YES', hasEmbeddedOverlay: true });
  expect(read.imageType[2]).toBe('SCREEN SAVE');
});
