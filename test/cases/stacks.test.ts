import { join } from 'node:path';
import { expect, it } from 'vitest';
import { add, CASES, expected, filesOf, isThere, PATIENTS, sixPatients, volumesOf } from './pictures.fixture.js';
import { pixelsOf, writeFramesFile, writeLabels, writeSliceFile } from './series.fixture.js';
import { newFolder, siteCommand } from './site-command.fixture.js';

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
