import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { add, CASES, expected, filesOf, isThere, PATIENTS, sixPatients } from './pictures.fixture.js';
import { BLANK, pixelsOf, writeFramesFile, writeLabels, writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

const NO_PLACE = { Modality: 'DX', ImagePositionPatient: undefined, ImageOrientationPatient: undefined };

it.skipIf(!isThere)('one-uid-two-pictures: both are named, none is used, and the rest is', () => {
  const { status, report, dir } = add(join(CASES, 'one-uid-two-pictures'));
  const { files } = expected('one-uid-two-pictures') as { files: string[] };
  expect(status).toBe(0);
  expect(filesOf(report, 'uid-of-two-pictures').sort()).toEqual(files);
  expect(report).toMatchObject({ usable: 10, setAside: { 'uid-of-two-pictures': 2 } });
  const shown = siteCommand('dataset', 'show', 'case', '--dir', dir);
  expect(shown.status).toBe(0);
  expect(shown.stdout).toContain('a different picture has the same SOP Instance UID');
  expect(shown.stdout).toContain('DPAT53.dcm (see DPAT54.dcm)');
});

it('three pictures under one UID, one of them of another patient, are all set aside', () => {
  const folder = sixPatients();
  for (const patient of ['P-0', 'P-1']) writeSliceFile(folder, { patient, name: 'x', atMm: 20, instance: 'one' });
  writeSliceFile(folder, { patient: 'P-0', name: 'y', atMm: 22, instance: 'one' });
  const three = ['P-0-x.dcm', 'P-0-y.dcm', 'P-1-x.dcm'];
  const { report } = add(folder);
  expect(filesOf(report, 'uid-of-two-pictures').sort()).toEqual(three);
  const { status, stdout } = siteCommand('dicom', 'volumes', folder);
  expect(status).toBe(0);
  expect(stdout).toContain('Different pictures under one SOP Instance UID, left out: P-0-x.dcm, P-0-y.dcm.');
  expect(stdout).toContain('Different pictures under one SOP Instance UID, left out: P-1-x.dcm.');
  expect(report.usable).toBe(24);
});

it('of one UID an equal copy is a copy; air under one UID at two places, or of two patients, is two pictures', () => {
  const folder = sixPatients((patient, at) => (patient === 'P-0' && at === 1 ? { stored: BLANK } : {}));
  writeFileSync(join(folder, 'again.dcm'), readFileSync(join(folder, 'P-3-2.dcm')));
  writeSliceFile(folder, { patient: 'P-0', name: 'x', atMm: 20, stored: BLANK, instance: 'P-0 1' });
  const { report } = add(folder);
  expect(filesOf(report, 'duplicate')).toHaveLength(1);
  expect(filesOf(report, 'uid-of-two-pictures').sort()).toEqual(['P-0-1.dcm', 'P-0-x.dcm']);
});

it('a picture that comes later under a UID of another takes that one out of the version too, and says so', () => {
  const dir = newFolder();
  add(sixPatients(), [], dir);
  const more = newFolder();
  writeSliceFile(more, { patient: 'P-0', name: 'new', atMm: 0, instance: 'P-0 0' });
  writeLabels(more, ['P-0']);
  const ended = siteCommand('dataset', 'add', 'case', '--dir', dir, '--more', more, '--quiet');
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(/1 {2}set aside: a different picture has the same SOP Instance UID/);
  expect(ended.stdout).toContain('of the version before left out, because these files contradict it: 1');
  expect(ended.stdout).toContain('7 train, 8 validation, 8 test');
});

it.skipIf(!isThere).each(['blank-slices', 'same-ends', 'equal-slices-real'])(
  '%s: no slice is taken for a copy',
  (name) => {
    const { status, report } = add(join(CASES, name));
    expect(status).toBe(0);
    expect(report.usable).toBe((expected(name) as { usable: number }).usable);
    expect(report.setAside).toEqual({});
  },
);

it('equal slices at other places, in another frame of reference and of other patients are all used', () => {
  const same = pixelsOf('the same');
  const folder = sixPatients((patient, at) => ({
    ...(at === 1 || at === 3 ? { stored: same } : at === 0 ? { stored: BLANK } : {}),
    // Whatever calls itself a slice with its place: not only CT, MR and PET.
    ...(patient === 'P-5' ? { more: { Modality: 'OT' } } : {}),
  }));
  const second = { patient: 'P-0', series: 'P-0 b' };
  writeSliceFile(folder, { ...second, name: 'second 1', atMm: 2, stored: same });
  writeSliceFile(folder, { ...second, name: 'second 2', atMm: 4, stored: pixelsOf('z') });
  const { report } = add(folder);
  expect(report).toMatchObject({ usable: 26, setAside: {} });
});

it('an object of many frames is a copy only where all of its frames are', () => {
  const folder = newFolder();
  for (const patient of PATIENTS)
    writeFramesFile(
      folder,
      patient,
      [BLANK, pixelsOf('shared'), pixelsOf(patient), pixelsOf('shared'), BLANK].map((stored, at) => ({
        atMm: at,
        stored,
      })),
    );
  writeLabels(folder, PATIENTS);
  expect(add(folder).report).toMatchObject({ usable: 6, examples: 30, setAside: {} });
});

it('a series that comes again under other UIDs and another patient is found, slice by slice, with its air', () => {
  const pixels = (at: number) => (at === 0 ? BLANK : pixelsOf(`first ${at}`));
  const folder = sixPatients((patient, at) => (patient === 'P-0' || patient === 'P-4' ? { stored: pixels(at) } : {}));
  const { report } = add(folder);
  expect(filesOf(report, 'duplicate').sort()).toEqual([0, 1, 2, 3].map((at) => `P-4-${at}.dcm`));
  expect(report.usable).toBe(20);
});

it('identical pictures with opposite labels are all set aside and named, and so are whole series', () => {
  const folder = sixPatients((patient, at) =>
    patient === 'P-0' || patient === 'P-5' ? { stored: pixelsOf(`q ${at}`) } : {},
  );
  const dir = newFolder();
  const ended = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet');
  expect(ended.status).toBe(0);
  expect(ended.stdout).toMatch(
    /8 {2}set aside: the same picture as another file, with another label or mask: none of them is used/,
  );
  for (const at of [0, 1, 2, 3]) expect(ended.stdout).toContain(`P-0-${at}.dcm (see P-5-`);
  expect(siteCommand('dataset', 'show', 'case', '--dir', dir).stdout).toContain('(label-contradicted)');
});

it('where contradictions leave a part without pictures, no dataset comes of it, and the report says why', () => {
  const isTest = (patient: string) => patient === 'P-2' || patient === 'P-5';
  const folder = sixPatients((patient, at) => (isTest(patient) ? { stored: pixelsOf(`q ${at}`) } : {}));
  const ended = siteCommand('dataset', 'add', 'case', '--dir', newFolder(), '--from', folder, '--quiet');
  expect(ended.status).toBe(1);
  expect(ended.stdout).toContain('25 files in, 25 counted: 16 usable images');
  expect(ended.stdout).toMatch(/8 {2}set aside: .* \(label-contradicted\)/);
  expect(ended.stderr).toContain('DATASET_SPLIT_EMPTY');
  expect(ended.stderr).toContain('The report on standard output says what became of each file.');
});

it('identical films with other masks or opposite labels are set aside, and with equal ones they are copies', () => {
  const folder = newFolder();
  mkdirSync(join(folder, 'masks'));
  const films = [...PATIENTS, 'P-6', 'P-7', 'P-8'];
  const lines = films.map((patient, at) => {
    // P-6 shows what P-0 shows, with another mask; P-7 what P-1 shows, with an equal one; P-8 what P-2 shows, with another label.
    const shown = PATIENTS[at % 6]!;
    writeSliceFile(folder, { patient, name: 'film', atMm: 0, stored: pixelsOf(shown), more: NO_PLACE });
    const side = patient === 'P-6' ? 9 : 5;
    const data = Uint8Array.from({ length: 256 }, (_, i) => (i % 16 < side ? 255 : 0));
    writeFileSync(join(folder, `masks/${patient}.png`), encode({ width: 16, height: 16, data, channels: 1, depth: 8 }));
    const label = patient === 'P-8' || at % 2 ? 'ill' : 'well';
    return `${patient}-film.dcm,${patient === 'P-6' ? 'well' : label},masks/${patient}.png,${['train', 'validation', 'test'][at % 3]}`;
  });
  writeFileSync(join(folder, 'labels.csv'), ['file,label,mask,split', ...lines, ''].join('\n'));
  const { status, report } = add(folder);
  expect(status).toBe(0);
  expect(filesOf(report, 'label-contradicted')).toEqual([
    'P-0-film.dcm',
    'P-2-film.dcm',
    'P-6-film.dcm',
    'P-8-film.dcm',
  ]);
  expect(report.files).toContainEqual({ file: 'P-7-film.dcm', reason: 'duplicate', because: 'P-1-film.dcm' });
  expect(report.usable).toBe(4);
});
