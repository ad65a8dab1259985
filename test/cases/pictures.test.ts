import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { expect, it } from 'vitest';
import { BLANK, pixelsOf, writeFramesFile, writeLabels, writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

const CASES = fileURLToPath(new URL('../../../shared/data/cases', import.meta.url));
const isThere = existsSync(join(CASES, 'expected.json'));
if (!isThere) console.warn('skipped: small inputs with right answers (../shared/data/cases is absent)');
const expected = (name: string) => JSON.parse(readFileSync(join(CASES, 'expected.json'), 'utf8'))[name];

interface Report {
  readonly usable: number;
  readonly examples: number;
  readonly filesIn: number;
  readonly filesCounted: number;
  readonly setAside: Readonly<Record<string, number>>;
  readonly framesLeftOut: Readonly<Record<string, number>>;
  readonly volumes: { readonly series: number; readonly findings: Readonly<Record<string, number>> };
  readonly files: readonly { readonly file: string; readonly reason: string; readonly because?: string }[];
}

function add(folder: string, words: readonly string[] = [], dir = newFolder()) {
  const ended = siteCommand('dataset', 'add', 'case', '--dir', dir, '--from', folder, '--quiet', '--json', ...words);
  const { report } = (ended.stdout === '' ? {} : JSON.parse(ended.stdout)) as { report: Report };
  return { ...ended, report, dir };
}

function filesOf({ files }: Report, reason: string): string[] {
  return files.flatMap((one) => (one.reason === reason ? [one.file] : []));
}

const NO_PLACE = { Modality: 'DX', ImagePositionPatient: undefined, ImageOrientationPatient: undefined };
const PATIENTS = ['P-0', 'P-1', 'P-2', 'P-3', 'P-4', 'P-5'];
/** Six patients of four slices each, with their table. */
function sixPatients(
  change: (patient: string, at: number) => Partial<Parameters<typeof writeSliceFile>[1]> = () => ({}),
) {
  const folder = newFolder();
  for (const patient of PATIENTS)
    for (let at = 0; at < 4; at++)
      writeSliceFile(folder, { patient, name: String(at), atMm: 2 * at, ...change(patient, at) });
  writeLabels(folder, PATIENTS);
  return folder;
}

interface ShownStack {
  readonly slices: number;
  readonly files: readonly string[];
  readonly findings: readonly { readonly kind: string }[];
}
function volumesOf(folder: string) {
  const { status, stdout } = siteCommand('dicom', 'volumes', folder, '--json');
  expect(status).toBe(0);
  return JSON.parse(stdout).series as {
    readonly findings: readonly { readonly kind: string; readonly sentence: string }[];
    readonly stacks: readonly ShownStack[];
  }[];
}

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

it.skipIf(!isThere)('two-contrasts: two stacks, each of one echo', () => {
  const [series] = volumesOf(join(CASES, 'two-contrasts'));
  const { each } = expected('two-contrasts') as { each: number };
  // Files 1, 4, 5, 8, 9 and 12 are of the first echo.
  expect(series!.stacks.map(({ files }) => files.map((file) => Number(file.slice(0, 2))))).toEqual([
    [1, 4, 5, 8, 9, 12],
    [2, 3, 6, 7, 10, 11],
  ]);
  expect(series!.stacks.map(({ slices }) => slices)).toEqual([each, each]);
  expect(series!.findings[0]!.sentence).toBe('Slices at one place differ in EchoTime: 2 stacks, each of one of them.');
});

const CONTRASTS = {
  'three echoes': [{ EchoTime: 10 }, { EchoTime: 50 }, { EchoTime: 90 }],
  'b-values': [{ DiffusionBValue: 0 }, { DiffusionBValue: 500 }, { DiffusionBValue: 1000 }, { DiffusionBValue: 2000 }],
  'inversion times': [{ InversionTime: 100 }, { InversionTime: 900 }],
  'flip angles': [{ FlipAngle: 5 }, { FlipAngle: 20 }],
  'magnitude and phase': [{ ImageType: ['ORIGINAL', 'PRIMARY', 'M'] }, { ImageType: ['ORIGINAL', 'PRIMARY', 'P'] }],
  components: [{ ComplexImageComponent: 'REAL' }, { ComplexImageComponent: 'IMAGINARY' }],
  Dixon: ['W', 'F', 'IP', 'OP'].map((one) => ({ ImageType: ['ORIGINAL', 'PRIMARY', 'DIXON', one] })),
  'cardiac phases': [0, 33, 66].map((percent) => ({ NominalPercentageOfCardiacPhase: percent })),
  'time points': [1, 2].map((one) => ({ TemporalPositionIdentifier: one })),
  acquisitions: [1, 2].map((one) => ({ AcquisitionNumber: one })),
  'tube voltages': [{ KVP: 80 }, { KVP: 140 }],
  kernels: [{ ConvolutionKernel: 'B30f' }, { ConvolutionKernel: 'B70f' }],
} as const;

it('slices at one place that differ in one thing, numbered there and back, are a stack each', () => {
  const folder = newFolder();
  for (const [name, takes] of Object.entries(CONTRASTS))
    for (let at = 0, number = 0; at < 5; at++) {
      const order = [...takes.keys()];
      for (const take of at % 2 ? order.reverse() : order)
        writeSliceFile(folder, {
          ...{ patient: name, name: `${take}-${at}`, atMm: 2 * at, number: ++number, modality: 'MR' },
          more: takes[take] as object,
        });
    }
  const series = volumesOf(folder);
  expect(series).toHaveLength(Object.keys(CONTRASTS).length);
  for (const { findings, stacks } of series) {
    const name = stacks[0]!.files[0]!.replace(/-\d-\d\.dcm$/, '') as keyof typeof CONTRASTS;
    expect([name, findings.map(({ kind }) => kind)]).toEqual([name, ['several-contrasts']]);
    expect([name, stacks.map(({ slices }) => slices)]).toEqual([name, CONTRASTS[name].map(() => 5)]);
    for (const { files } of stacks) expect(new Set(files.map((file) => file.split('-').at(-2))).size).toBe(1);
  }
});

it('trigger times that differ from slice to slice put phases in order all the same', () => {
  const folder = newFolder();
  let number = 0;
  for (let at = 0; at < 6; at++)
    for (const phase of at % 2 ? [2, 1, 0] : [0, 1, 2])
      writeSliceFile(folder, {
        patient: 'P',
        name: `${phase} ${at}`,
        atMm: 2 * at,
        number: ++number,
        modality: 'MR',
        more: { TriggerTime: 40 * phase + at },
      });
  const [{ stacks }] = volumesOf(folder) as [ReturnType<typeof volumesOf>[number]];
  expect(stacks.map(({ files }) => [...new Set(files.map((file) => file[2]))])).toEqual([['0'], ['1'], ['2']]);
});

it('echoes in frames of one enhanced object are a stack each; echoes at other places are named as mixed', () => {
  const folder = newFolder();
  const frames = Array.from({ length: 8 }, (_, i) => {
    const at = i >> 1;
    const echo = (i + at) % 2 ? 80 : 10;
    return { atMm: 2 * at, stored: pixelsOf(`frame ${i}`), groups: { MREchoSequence: [{ EffectiveEchoTime: echo }] } };
  });
  writeFramesFile(folder, 'P', frames, { Modality: 'MR', SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.1' });
  for (let at = 0; at < 6; at++)
    writeSliceFile(folder, {
      patient: 'Q',
      name: String(at),
      atMm: 2 * at,
      modality: 'MR',
      more: { EchoTime: at % 2 ? 80 : 10 },
    });
  const [mixed, enhanced] = volumesOf(folder).toSorted((a, b) => a.stacks.length - b.stacks.length);
  expect(enhanced!.stacks.map(({ slices }) => slices)).toEqual([4, 4]);
  expect(enhanced!.findings.map(({ kind }) => kind)).toEqual(['several-contrasts']);
  expect(mixed!.stacks[0]!.findings.map(({ kind }) => kind)).toEqual(['mixed-contrasts']);
  expect(siteCommand('dicom', 'volumes', folder).stdout).toContain('Slices differ in EchoTime: this stack mixes them.');
});

it.skipIf(!isThere)('mosaic: set aside by name, and what was read is reported although no dataset comes of it', () => {
  const { status, stdout, stderr } = siteCommand(
    ...['dataset', 'add', 'case', '--dir', newFolder(), '--from', join(CASES, 'mosaic'), '--quiet'],
  );
  expect(status).toBe(1);
  expect(stdout).toMatch(/6 {2}set aside: a sheet of many slices \(mosaic\); taken with --derived use \(mosaic\)/);
  expect(stdout).toContain('DPAT90.dcm');
  expect(stderr).toContain('DATASET_EMPTY: No usable example was found.');
  expect(stderr).toContain('The report on standard output says of each file why it was set aside');
  const used = add(join(CASES, 'mosaic'), ['--derived', 'use']);
  expect(used.status).toBe(0);
  expect(used.report).toMatchObject({ usable: 6, setAside: {} });
});

it.skipIf(!isThere)('derived-in-series: the volume is of the original slices alone', () => {
  const { status, report } = add(join(CASES, 'derived-in-series'));
  expect(status).toBe(0);
  const { files } = expected('derived-in-series') as { files: number };
  expect(filesOf(report, 'projection')).toHaveLength(files);
  expect(report).toMatchObject({ usable: 24, volumes: { series: 6, findings: {} } });
});

it('what is no slice is set aside by name, and its volume is of the slices alone', () => {
  const kinds = [
    ['projection', ['DERIVED', 'PRIMARY', 'PROJECTION IMAGE', 'CSA MIP']],
    ['projection', ['DERIVED', 'SECONDARY', 'MINIP']],
    ['derived-in-series', ['DERIVED', 'SECONDARY', 'REFORMATTED']],
    ['derived-in-series', ['DERIVED', 'PRIMARY', 'DIFFUSION', 'ADC']],
    ['screen-save', ['DERIVED', 'SECONDARY', 'SCREEN SAVE']],
    ['localizer', ['ORIGINAL', 'PRIMARY', 'LOCALIZER']],
    ['mosaic', ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC']],
  ] as const;
  const folder = sixPatients();
  for (const [at, [, ImageType]] of kinds.entries())
    writeSliceFile(folder, { patient: PATIENTS[at % 6]!, name: `x${at}`, atMm: 3 + 2 * (at % 2), more: { ImageType } });
  const { status, report } = add(folder);
  expect(status).toBe(0);
  expect(report).toMatchObject({ usable: 24, volumes: { series: 6, findings: {} } });
  for (const [at, [reason]] of kinds.entries())
    expect(filesOf(report, reason)).toContain(`${PATIENTS[at % 6]}-x${at}.dcm`);
  const series = volumesOf(folder);
  expect(series.map(({ stacks }) => stacks.map(({ slices }) => slices))).toEqual(PATIENTS.map(() => [4]));
  for (const { findings } of series) expect(findings[0]!.sentence).toMatch(/^1 slice left out of every volume: /);
});

it('of one object with slices and a projection the projection alone is left out', () => {
  const folder = newFolder();
  const mip = { CTImageFrameTypeSequence: [{ FrameType: ['DERIVED', 'PRIMARY', 'VOLUME', 'MAX_IP'] }] };
  const plain = { CTImageFrameTypeSequence: [{ FrameType: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'] }] };
  for (const patient of PATIENTS) {
    const frames = [0, 2, 4, 6, 3].map((atMm) => ({
      atMm,
      stored: pixelsOf(`${patient} ${atMm}`),
      groups: atMm === 3 ? mip : plain,
    }));
    writeFramesFile(folder, patient, frames, { ImageType: ['MIXED', 'PRIMARY', 'VOLUME', 'MIXED'] });
  }
  writeLabels(folder, PATIENTS);
  const { report } = add(folder);
  expect(report).toMatchObject({ usable: 6, examples: 24, framesLeftOut: { projection: 6 } });
  expect(report.volumes).toEqual({ series: 6, findings: { 'other-pictures': 6 } });
});

it('a series of maps or reformats of its own is a series; and what is derived is used where a person says so', () => {
  const folder = sixPatients((patient) =>
    patient < 'P-3' ? { more: { ImageType: ['DERIVED', 'PRIMARY', 'DIFFUSION', 'ADC'] } } : {},
  );
  writeSliceFile(folder, { patient: 'P-4', name: 'x', atMm: 3, more: { ImageType: ['DERIVED', 'SECONDARY', 'MPR'] } });
  expect(add(folder).report).toMatchObject({ usable: 24, setAside: { 'derived-in-series': 1 } });
  expect(add(folder, ['--derived', 'use']).report).toMatchObject({ usable: 25, setAside: {} });
});
