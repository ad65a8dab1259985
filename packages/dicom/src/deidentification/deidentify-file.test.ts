import { errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import {
  DEFAULT_POLICY,
  type DicomElement,
  type DicomHeader,
  deidentify,
  deidentifyFile,
  type ElementChange,
  pseudonymLinks,
  pseudonymousUid,
  readElements,
  writeElements,
} from '../index.js';
import { HEADER_TAGS } from '../parsing/header.js';
import { cleaned, file, has, identity, itemsAt, key, MR, sequence, text } from './data-set.fixture.js';
import { textAt } from './element-text.js';
import { parsePolicy } from './policy.js';

it('says what was done, and gives the same pseudonyms as the dataset index', () => {
  const clean = cleaned({ dates: 'shifted', descriptions: 'cleaned' });
  expect(textAt(clean, 0x00120062)).toBe('YES');
  expect(textAt(clean, 0x00280303)).toBe('MODIFIED');
  const codes = itemsAt(clean, 0x00120064).map((item) => textAt(item, 0x00080100));
  expect(codes).toEqual(['113100', '113105', '113107', '113108']);
  const header = { patientId: 'MRN-448812', studyInstanceUid: '1.2.3.5', sopInstanceUid: '1.2.3.5.1' };
  const blank = Object.fromEntries(Object.keys(HEADER_TAGS).map((name) => [name, ''])) as unknown as DicomHeader;
  const index = deidentify({ ...blank, ...header }, key);
  expect(textAt(clean, 0x00100020)).toBe(index.patient);
  expect(textAt(clean, 0x00100010)).toBe(index.patient);
  const links = pseudonymLinks({ ...header, seriesInstanceUid: '' }, key);
  expect(links.map(({ kind }) => kind)).toEqual(['patient', 'study', 'study', 'instance', 'instance']);
  expect(links.map(({ pseudonym }) => pseudonym)).toEqual(
    expect.arrayContaining([index.patient, index.study, index.instance, textAt(clean, 0x00080018)]),
  );
});

it('gives one UID one substitute, in every mention and every file, and other keys other ones', () => {
  const reference = sequence(0x00081140, [text(0x00081150, 'UI', MR), text(0x00081155, 'UI', '1.2.3.5.1')]);
  const clean = cleaned({}, reference);
  const [item] = itemsAt(clean, 0x00081140);
  expect(textAt(item!, 0x00081155)).toBe(textAt(clean, 0x00080018));
  expect(textAt(item!, 0x00081150)).toBe(MR);
  expect(textAt(clean, 0x00080018)).toMatch(/^2\.25\.\d{30,39}$/);
  expect(pseudonymousUid(Buffer.alloc(32, 4), '1.2.3.5.1')).not.toBe(pseudonymousUid(key, '1.2.3.5.1'));
});

it('writes the file meta information anew: no AE title, no private information, the new instance UID', () => {
  const bytes = Buffer.from(file());
  const title = Buffer.concat([
    Buffer.from([2, 0, 0x16, 0]),
    Buffer.from('AE'),
    Buffer.from([8, 0]),
    Buffer.from('STATION7'),
  ]);
  const metaEnd = bytes.indexOf(Buffer.from([8, 0, 0x16, 0]), 140);
  const withTitle = Buffer.concat([bytes.subarray(0, metaEnd), title, bytes.subarray(metaEnd)]);
  expect(readElements(withTitle).meta.some(({ tag }) => tag === 0x00020016)).toBe(true);
  const output = deidentifyFile(withTitle, { key, policy: DEFAULT_POLICY });
  const { meta } = readElements(output.bytes);
  expect(meta.map(({ tag }) => (tag & 0xffff).toString(16))).toEqual(['0', '1', '2', '3', '10', '12', '13']);
  expect(textAt(meta, 0x00020003)).toBe(output.sopInstanceUid);
  expect(Buffer.from(output.bytes).includes('STATION7')).toBe(false);
});

it('shifts the dates of one patient by the same whole days, at every level, and keeps times of day', () => {
  const dates = [
    text(0x00080020, 'DA', '20240510'),
    text(0x00080021, 'DA', '20240512'),
    text(0x0008002a, 'DT', '20240510133000.500000+0100'),
    text(0x00080030, 'TM', '133000.5'),
    text(0x00080022, 'DA', 'in spring'),
    sequence(0x00081115, [text(0x00080023, 'DA', '20240511')]),
  ];
  const clean = cleaned({ dates: 'shifted' }, ...dates);
  const day = (date: string) => Date.UTC(+date.slice(0, 4), +date.slice(4, 6) - 1, +date.slice(6, 8)) / 86_400_000;
  const study = day(textAt(clean, 0x00080020));
  const shift = day('20240510') - study;
  expect(shift).toBeGreaterThanOrEqual(1);
  expect(shift).toBeLessThanOrEqual(3650);
  expect(day(textAt(clean, 0x00080021)) - study).toBe(2);
  expect(day(textAt(itemsAt(clean, 0x00081115)[0]!, 0x00080023)) - study).toBe(1);
  expect(textAt(clean, 0x0008002a)).toBe(`${textAt(clean, 0x00080020)}133000.500000+0100`);
  expect(textAt(clean, 0x00080030)).toBe('133000.5');
  expect(textAt(clean, 0x00080022)).toBe('19000101');
  const other = cleaned({ dates: 'shifted' }, text(0x00100020, 'LO', 'MRN-2'));
  expect(day('20240510') - day(textAt(other, 0x00080020))).not.toBe(shift);
  expect(textAt(cleaned({}, ...dates), 0x00080020)).toBe('');
});

it.each([
  ['band', '', '040Y'],
  ['years', '', '047Y'],
  ['years', '093Y', '090Y'],
  ['removed', '047Y', ''],
] as const)('tells the age by policy %s, also from the dates: "%s" -> "%s"', (age, stated, expected) => {
  expect(textAt(cleaned({ age }, text(0x00101010, 'AS', stated)), 0x00101010)).toBe(expected);
  if (stated === '') expect(textAt(cleaned({ age }), 0x00101010)).toBe(expected);
});

it('keeps sex, maker and model, and of these what repeats no identifier', () => {
  const device = [text(0x00080070, 'LO', 'ACME'), text(0x00081090, 'LO', 'For Janet'), text(0x00181000, 'LO', 'SN-1')];
  const clean = cleaned({}, ...device);
  expect(textAt(cleaned({}, text(0x00181020, 'LO', 'syngo MR D13')), 0x00181020)).toBe('syngo MR D13');
  expect([0x00100040, 0x00080070, 0x00081090, 0x00181000].map((tag) => textAt(clean, tag))).toEqual([
    'F',
    'ACME',
    'ANONYMIZED',
    'ANONYMIZED',
  ]);
  const less = cleaned({ device: 'removed', sex: 'removed' }, ...device);
  expect([0x00100040, 0x00080070].map((tag) => textAt(less, tag))).toEqual(['', 'ANONYMIZED']);
});

it.each([
  ['CHEST for Janet Doe, seen by Dr. House', 'CHEST seen'],
  ['Thorax p.a. im Stehen', 'Thorax p.a. im Stehen'],
  ['Verlauf zu 2024-05-10', 'Verlauf zu'],
  ['MRN-448812 born 11.05.1976', 'born'],
  ['DOEJANET', ''],
  ['MR Brain, Mr Roe', 'MR Brain,'],
  ['call 0711/4567890 or a.b@c.org', 'call or'],
])('cleans descriptions: %j', (before, after) => {
  expect(textAt(cleaned({ descriptions: 'cleaned' }, text(0x00081030, 'LO', before)), 0x00081030)).toBe(after);
  expect(has(cleaned({}, text(0x00081030, 'LO', before)), 0x00081030)).toBe(false);
});

it('keeps the codes and numbers of a report, and cleans its texts', () => {
  const code = (value: string, scheme: string, meaning: string) => [
    text(0x00080100, 'SH', value),
    text(0x00080102, 'SH', scheme),
    text(0x00080104, 'LO', meaning),
  ];
  const content = sequence(
    0x0040a730,
    [text(0x0040a040, 'CS', 'CODE'), sequence(0x0040a043, code('121071', 'DCM', 'Finding'))],
    [text(0x0040a040, 'CS', 'TEXT'), text(0x0040a160, 'UT', 'Janet has a nodule')],
    [text(0x0040a040, 'CS', 'PNAME'), text(0x0040a123, 'PN', 'House^Gregory')],
  );
  const open = itemsAt(cleaned({ structuredContent: 'cleaned', descriptions: 'cleaned' }, content), 0x0040a730);
  expect(textAt(itemsAt(open[0]!, 0x0040a043)[0]!, 0x00080104)).toBe('Finding');
  expect(textAt(open[1]!, 0x0040a160)).toBe('has a nodule');
  expect(textAt(open[2]!, 0x0040a123)).toBe('ANONYMIZED');
  const closed = itemsAt(cleaned({}, content), 0x0040a730);
  expect(textAt(closed[1]!, 0x0040a160)).toBe('ANONYMIZED');
  expect(textAt(closed[0]!, 0x0040a040)).toBe('CODE');
});

it('replaces the codes of persons in a dummy sequence', () => {
  const person = sequence(0x00401101, [
    text(0x00080100, 'SH', 'JD1'),
    text(0x00080102, 'SH', '99STAFF'),
    text(0x00080104, 'LO', 'Nurse Jackie'),
  ]);
  const [item] = itemsAt(cleaned({}, person), 0x00401101);
  expect([0x00080100, 0x00080104].map((tag) => textAt(item!, tag))).toEqual(['ANONYMIZED', 'ANONYMIZED']);
});

it('lets private elements of a listed creator through, as far as they can be judged', () => {
  const elements = [
    text(0x00190010, 'LO', 'ACME 1.0'),
    text(0x00191001, 'DS', '12.5'),
    text(0x00191002, 'PN', 'Roe^Rick'),
    text(0x00191003, 'LO', 'for Janet'),
    { tag: 0x00191004, vr: 'UN', kind: 'value', value: Buffer.from('Roe^Rick') } as const,
    text(0x00190011, 'LO', 'OTHER'),
    text(0x00191101, 'DS', '99.5'),
  ];
  const kept = cleaned({ privateCreators: ['ACME 1.0'] }, ...elements).filter(({ tag }) => tag >>> 16 === 0x19);
  expect(kept.map(({ tag }) => tag)).toEqual([0x00190010, 0x00191001, 0x00191002, 0x00191003]);
  expect(kept.map((element) => textAt([element], element.tag))).toEqual([
    'ACME 1.0',
    '12.5',
    'ANONYMIZED',
    'ANONYMIZED',
  ]);
  expect(cleaned({}, ...elements).some(({ tag }) => tag >>> 16 === 0x19)).toBe(false);
});

it('removes an overlay, from the unused bits of the pixels too; keeps one without text if told to', () => {
  const word = (tag: number, ...values: number[]): DicomElement => {
    return { tag, vr: 'US', kind: 'value', value: Buffer.from(Uint16Array.from(values).buffer) };
  };
  const bits = [word(0x00280100, 16), word(0x00280101, 12), word(0x00280102, 11)];
  const pixels = { ...word(0x7fe00010, 0xf123, 0x1fff), vr: 'OW' };
  const clean = cleaned({}, ...bits, pixels, word(0x60000102, 12));
  expect(clean.find(({ tag }) => tag === 0x7fe00010)).toMatchObject({
    value: new Uint8Array([0x23, 0x01, 0xff, 0x0f]),
  });
  expect(clean.some(({ tag }) => tag >>> 24 === 0x60)).toBe(false);
  const square = [
    word(0x60000010, 32),
    word(0x60000011, 32),
    { ...word(0x60003000), value: new Uint8Array(128).fill(0xff) },
  ];
  expect(has(cleaned({ graphics: 'cleaned' }, ...square), 0x60003000)).toBe(true);
  expect(has(cleaned({ graphics: 'cleaned' }, ...square.slice(0, 1)), 0x60000010)).toBe(false); // cannot be looked at
});

it('writes texts in UTF-8, whatever they were in, and knows names in other scripts', () => {
  const latin = (tag: number, vr: string, value: string): DicomElement => {
    return { tag, vr, kind: 'value', value: Buffer.from(value, 'latin1') };
  };
  const clean = cleaned(
    {},
    text(0x00080005, 'CS', 'ISO_IR 100'),
    latin(0x00080070, 'LO', 'Röntgen & Söhne'),
    latin(0x00100010, 'PN', 'Müller^Änne'),
    latin(0x00081090, 'LO', 'MÜLLER 3'),
  );
  expect(textAt(clean, 0x00080005)).toBe('ISO_IR 192');
  expect(textAt(clean, 0x00080070, 'ISO_IR 192')).toBe('Röntgen & Söhne');
  expect(textAt(clean, 0x00081090)).toBe('ANONYMIZED');
});

it('blanks the comments of compressed pictures in place', () => {
  const comment = Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 12]),
    Buffer.from('Janet Doe '),
    Buffer.from([0xff, 0xda, 0, 2, 9]),
  ]);
  const bytes = writeElements({
    transferSyntaxUid: '1.2.840.10008.1.2.4.50',
    sopClassUid: MR,
    sopInstanceUid: '1.2.3.5.1',
    elements: [...identity, { tag: 0x7fe00010, vr: 'OB', kind: 'fragments', fragments: [new Uint8Array(), comment] }],
  });
  const output = Buffer.from(deidentifyFile(bytes, { key, policy: DEFAULT_POLICY }).bytes);
  expect(output.includes('Janet')).toBe(false);
  expect(output.includes(Buffer.from([0xff, 0xda, 0, 2, 9]))).toBe(true);
});

it('removes what has a VR that hides it, and values that keep to no form', () => {
  const clean = cleaned(
    {},
    { tag: 0x00280010, vr: 'LO', kind: 'value', value: Buffer.from('Janet') }, // rows, as a text
    text(0x00280030, 'DS', 'Janet Doe'),
    text(0x00180015, 'CS', 'see janet!'),
    text(0x00200011, 'IS', '448812'),
    text(0x00281052, 'DS', '-1024'),
  );
  expect(has(clean, 0x00280010)).toBe(false);
  expect([0x00280030, 0x00180015, 0x00200011].map((tag) => textAt(clean, tag))).toEqual(['', '', '']);
  expect(textAt(clean, 0x00281052)).toBe('-1024');
});

it('tells of every element, sequences before what is in them', () => {
  const changes: ElementChange[] = [];
  const reference = sequence(0x00081140, [text(0x00081155, 'UI', '1.2.3.9')]);
  const bytes = file(reference, text(0x00091001, 'LO', 'x'));
  deidentifyFile(bytes, { key, policy: DEFAULT_POLICY, onChange: (change) => changes.push(change) });
  const told = changes.map(({ path, outcome }) => `${path} ${outcome}`);
  expect(told.slice(3, 6)).toEqual(['(0008,1140) kept', '(0008,1140)[0].(0008,1155) replaced', '(0009,1001) removed']);
  expect(changes).toHaveLength(identity.length + 3 + 5); // age, and four that say what was done
});

it('refuses a directory, a short key, and a policy with unknown words', () => {
  const codeOf = (run: () => unknown) => {
    try {
      run();
      return 'none';
    } catch (error) {
      return errorCode(error);
    }
  };
  const directory = file(text(0x00080016, 'UI', '1.2.840.10008.1.3.10'));
  expect(codeOf(() => deidentifyFile(directory, { key, policy: DEFAULT_POLICY }))).toBe('DICOM_UNSUPPORTED');
  expect(codeOf(() => deidentifyFile(file(), { key: Buffer.alloc(8), policy: DEFAULT_POLICY }))).toBe('CONFIG_INVALID');
  const bad = [[], null, { retainUids: true }, { age: 'exact' }, { privateCreators: 'ACME' }, { __proto__: 1, sex: 1 }];
  expect(bad.map((policy) => codeOf(() => parsePolicy(policy)))).toEqual(
    bad.map(() => 'DEIDENTIFICATION_POLICY_INVALID'),
  );
  expect(parsePolicy({ dates: 'shifted' })).toEqual({ ...DEFAULT_POLICY, dates: 'shifted' });
});
