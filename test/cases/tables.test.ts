import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { add, CASES, expected, filesOf, isThere, PATIENTS } from './pictures.fixture.js';
import { writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

/** Each test types several commands. */
vi.setConfig({ testTimeout: 120_000 });

const PARTS = ['train', 'validation', 'test'];

/** A picture of each patient; the table is what is tried. */
function pictures(patients: readonly string[] = PATIENTS): string {
  const folder = newFolder();
  for (const patient of patients) writeSliceFile(folder, { patient, name: '0', atMm: 0 });
  return folder;
}

const rowsOf = (label: (at: number) => string, separator = ',', id = (patient: string) => patient) =>
  PATIENTS.map((patient, at) => [id(patient), label(at), PARTS[at % 3]].join(separator));
const ab = (at: number) => (at < 3 ? 'a' : 'b');

function addWith(table: string | Uint8Array, folder = pictures(), words: readonly string[] = []) {
  writeFileSync(join(folder, 'labels.csv'), table);
  return add(folder, words);
}

it.skipIf(!isThere)('class-and-label: the column is label, and the report says that the other was not read', () => {
  const { classes } = expected('class-and-label') as { classes: string[] };
  const { status, report } = add(join(CASES, 'class-and-label'));
  expect(status).toBe(0);
  expect(Object.keys(report.classes).sort()).toEqual(classes);
  expect(report.table).toMatchObject({ columns: ['patient_id', 'label', 'split'], others: ['class'] });
});

it('two columns that could be the label are refused by their names, and so are two that name films', () => {
  const twice = addWith(['patient_id,class,Class,split', ...rowsOf(() => 'x,y'), ''].join('\n'));
  expect([twice.status, twice.stderr]).toEqual([
    1,
    expect.stringContaining('two columns could be the label: "class", "Class"; name one of them label'.split('; ')[0]!),
  ]);
  const paths = ['image,path,label', 'P-0-0.dcm,P-0-0.dcm,a', ''].join('\n');
  expect(addWith(paths).stderr).toContain('two columns could be the file: "image", "path"');
});

it.skipIf(!isThere)('latin1-labels: refused as not UTF-8, with the line', () => {
  const { status, stderr } = add(join(CASES, 'latin1-labels'));
  expect(status).toBe(1);
  expect(stderr).toContain('it is not UTF-8, so its letters beyond ASCII cannot be told: save it as "CSV UTF-8"');
  expect(stderr).toContain('line 2');
  expect(stderr).toContain('What to do: Correct the label table; `consilium site dataset template --from FOLDER`');
});

it('what spreadsheets write is read right: UTF-16, semicolons, tabs, marks, quotes, old Mac lines', () => {
  const lines = (separator: string) => [
    ['patient_id', 'label', 'split'].join(separator),
    ...rowsOf((at) => (at < 3 ? 'Knötchen' : 'klar'), separator),
    '',
  ];
  const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
  const classes = { Knötchen: 3, klar: 3 };
  const tables: Record<string, [string | Uint8Array, string]> = {
    'Excel in Germany': [`\ufeff${lines(';').join('\r\n')}`, 'UTF-8, separated by semicolons'],
    'Excel, Unicode text': [utf16(lines('\t').join('\r\n')), 'UTF-16, separated by tabs'],
    'big-endian': [utf16(lines(',').join('\n')).swap16(), 'UTF-16, separated by commas'],
    'an old Mac': [lines('\t').join('\r'), 'UTF-8, separated by tabs'],
    quotes: [
      [
        '"patient_id";"note";"label";"split"',
        ...rowsOf((at) => `"a; ""b""\nc";${at < 3 ? '"Kno\u0308tchen"' : ' klar\u00a0'}`, ';'),
        ';;;',
        '',
      ].join('\n'),
      'UTF-8, separated by semicolons',
    ],
  };
  for (const [name, [table, form]] of Object.entries(tables)) {
    const { status, report, stderr } = addWith(table);
    expect([name, status, stderr]).toEqual([name, 0, '']);
    expect([name, report.classes, (report.table as { form: string }).form]).toEqual([name, classes, form]);
  }
});

it('what is no table is refused with what it is: a workbook, bytes without a mark, letters of another encoding', () => {
  const refused = (table: string | Uint8Array) => addWith(table).stderr;
  expect(refused(Buffer.from('PK\u0003\u0004 and more'))).toContain(
    'it is a workbook, not a table: save it as "CSV UTF-8"',
  );
  expect(refused(Buffer.from('patient_id,label\nP-0,a\n', 'utf16le'))).toContain('it holds zero bytes');
  const cyrillic = Buffer.concat([
    Buffer.from('patient_id,label\nP-0,ok\nP-1,'),
    Buffer.from([0xe4, 0xe0]),
    Buffer.from('\n'),
  ]);
  expect(refused(cyrillic)).toContain('line 3');
});

it('a table without a column that is needed is refused with its columns, its first row, and what would do', () => {
  const { status, stderr } = addWith('Fallnummer;Befund\n4711;auffällig\n');
  expect(status).toBe(1);
  expect(stderr).toContain(
    [
      '  it has no column that names films: one of file, sop_instance_uid, series_instance_uid, study_instance_uid, patient_id',
      '  found the columns "Fallnummer", "Befund", and in line 2 "4711", "auffällig"',
      '  `consilium site dataset template` writes a table to fill in',
    ].join('\n'),
  );
  const unlabelled = addWith('patient_id,age\nP-0,47\n').stderr;
  expect(unlabelled).toContain('it has neither a column label nor a column mask');
  expect(unlabelled).toContain('found the columns "patient_id", "age", and in line 2 "P-0", "47"');
});

it('ids that a spreadsheet has changed are read right where that is certain, and refused or named where it is not', () => {
  const numbered = ['0012', '0013', '0014', '0015', '0016', '0017'];
  const table = (id: (at: number) => string) =>
    ['patient_id,label,split', ...numbered.map((_, at) => `${id(at)},${ab(at)},${PARTS[at % 3]}`), ''].join('\n');
  const kept = addWith(
    table((at) => `"=""${numbered[at]}"""`),
    pictures(numbered),
  );
  expect([kept.status, kept.report.usable]).toEqual([0, 6]);
  const rounded = addWith(
    table((at) => `1.2345${at}E+12`),
    pictures(numbered),
  );
  expect([rounded.status, rounded.stderr]).toEqual([
    1,
    expect.stringContaining('1.23450E+12 is no id: a spreadsheet has rounded it'),
  ]);
  expect(rounded.stderr).toContain('line 2');
  expect(
    addWith(
      table(() => '123456789012345000'),
      pictures(numbered),
    ).stderr,
  ).toContain('kept 15 of its digits');
  // Zeros that were lost could be another patient's id: nothing is matched by guess.
  const dir = newFolder();
  const folder = pictures(numbered);
  writeFileSync(
    join(folder, 'labels.csv'),
    table((at) => (at === 5 ? '17' : numbered[at]!)),
  );
  const shown = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet');
  expect(shown.stdout).toContain('17 (line 7); a patient 0017 is here: is that the one?');
  expect(shown.stdout).toContain('1  set aside: image without a label (no-label)');
  const byFile = [
    'file,patient_id,label,split',
    ...numbered.map((id, at) => `${id}-0.dcm,${Number(id)},${ab(at)},${PARTS[at % 3]}`),
    '',
  ];
  const { report } = addWith(byFile.join('\n'), pictures(numbered));
  expect(report.setAside).toEqual({ 'patient-id-mangled': 6 });
});

it('a template has a line for each picture, is never written over, and is taken once it is filled in', () => {
  const folder = pictures();
  writeFileSync(join(folder, 'notes.txt'), 'no picture');
  const out = join(newFolder(), 'labels.csv');
  const made = siteCommand('dataset', 'template', '--from', folder, '--out', out, '--quiet');
  expect([made.status, made.stdout]).toEqual([0, '']);
  expect(made.stderr).toContain(`6 pictures, 1 other files left out; fill in the column label of ${out}`);
  const [head, ...lines] = readFileSync(out, 'utf8').trimEnd().split('\n');
  expect(head).toBe('file,patient_id,study_instance_uid,series_instance_uid,sop_instance_uid,label');
  expect(lines[0]).toMatch(/^P-0-0\.dcm,P-0,2\.25\.\d+,2\.25\.\d+,2\.25\.\d+,$/);
  const again = siteCommand('dataset', 'template', '--from', folder, '--out', out, '--quiet');
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('is there already, and maybe filled in')]);
  expect(siteCommand('dataset', 'template', '--from', folder, '--quiet').stdout).toBe(readFileSync(out, 'utf8'));
  writeFileSync(out, [head, ...lines.map((line, at) => line + ab(at)), ''].join('\n'));
  const { status, report } = add(folder, ['--labels', out, '--shares', '34,33,33']);
  expect([status, report.usable, report.classes]).toEqual([0, 6, { a: 3, b: 3 }]);
  const empty = newFolder();
  expect(siteCommand('dataset', 'template', '--from', empty, '--out', join(empty, 'x.csv')).status).toBe(2);
  expect(existsSync(join(empty, 'x.csv'))).toBe(false);
});

it('counts per class are always printed, blanks are trimmed, and a class that is likely a slip is named', () => {
  const patients = Array.from({ length: 24 }, (_, at) => `P-${at}`);
  const labels = ['Solid ', 'kavity', 'Solid', '\u00a0Solid', 'SOLID'];
  const label = (at: number) => labels[at] ?? (at % 2 ? 'cavity' : 'Solid');
  const table = ['patient_id,label,split', ...patients.map((id, at) => `${id},${label(at)},${PARTS[at % 3]}`), ''].join(
    '\n',
  );
  const folder = pictures(patients);
  writeFileSync(join(folder, 'labels.csv'), table);
  const dir = newFolder();
  const added = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet');
  expect(added.status).toBe(0);
  const said = [
    'classes: Solid 12, cavity 10, kavity 1, SOLID 1',
    'WARNING: the class "kavity" has 1 example: is "cavity" meant? (--classes takes only those that it names)',
    'WARNING: the class "SOLID" has 1 example: is "Solid" meant?',
  ];
  for (const line of said) expect(added.stdout).toContain(line);
  const shown = siteCommand('dataset', 'show', 'case', '--dir', dir).stdout;
  for (const line of said) expect(shown).toContain(line);
  const strict = add(folder, ['--classes', 'Solid', 'cavity']);
  expect(filesOf(strict.report, 'unknown-class')).toEqual(['P-1-0.dcm', 'P-4-0.dcm']);
});

it('exclude lists the ids that are nobody here, hints at who is near, and says so with its exit status', () => {
  const folder = pictures();
  writeFileSync(join(folder, 'labels.csv'), ['patient_id,label,split', ...rowsOf(ab), ''].join('\n'));
  const { dir } = add(folder);
  const list = join(newFolder(), 'objections.txt');
  const exclude = (text: string, ...words: string[]) => {
    writeFileSync(list, text);
    return siteCommand('dataset', 'exclude', 'case', '--patients', list, '--dir', dir, ...words);
  };
  const tried = exclude('p-0\nP-1\nP- 2\nQ-9\n', '--dry-run');
  expect([tried.status, tried.stdout]).toEqual([
    1,
    expect.stringContaining('1 of them in dataset case: 1 images would be left out'),
  ]);
  expect(tried.stdout).toContain('nothing was changed');
  const done = exclude('p-0\nP-1\nP- 2\nQ-9\n');
  expect(done.status).toBe(1);
  expect(done.stdout).toContain('4 patients in the list, 1 of them in dataset case: 1 images left out');
  expect(done.stdout).toContain(
    "of 3 ids of the list no picture is here: exactly as they are written, they are nobody's",
  );
  expect(done.stdout).toContain('  p-0 (here is P-0: if that is the patient, list it so)');
  expect(done.stdout).toContain('  P- 2 (here is P-2: if that is the patient, list it so)');
  expect(done.stdout).toMatch(/^ {2}Q-9$/m);
  // Nothing was matched by guess.
  expect(siteCommand('dataset', 'show', 'case', '--dir', dir).stdout).toContain('5 images of 5 patients');
  expect(exclude('P-1\n').status).toBe(0);
  expect(exclude('patient_id;reason\nP-0;asked\n').stdout).toContain('1 of them in dataset case');
});
