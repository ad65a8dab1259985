import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODES } from '@consilium/dicom';
import { expect, it, vi } from 'vitest';
import { addMarked, around, block, reexported, writeContours, writeSeg, writeSeries } from './label-objects.fixture.js';
import { CASES, expected, filesOf, isThere, PATIENTS } from './pictures.fixture.js';
import { pixelsOf, sourceOf, writeFramesFile, writeSliceFile } from './series.fixture.js';
import { newFolder } from './site-command.fixture.js';

/** Each test types several commands. */
vi.setConfig({ testTimeout: 120_000 });

const FOUR = [0, 2, 4, 6];
const none = undefined;
/** An object of each patient, and what its slices then have. */
const ofEach = (write: (folder: string, patient: string) => void) => {
  const folder = newFolder();
  for (const patient of PATIENTS) write(folder, patient);
  return folder;
};
const times = <T>(value: T): T[] => PATIENTS.map(() => value);

/** A case of one patient, with others beside it whose label is in a table, so that a dataset comes of it. */
function withOthers(name: string, kind: 'seg' | 'rtstruct') {
  const folder = newFolder();
  cpSync(join(CASES, name), folder, { recursive: true });
  const others = ['train', 'validation', 'test'].map((part) => ({ patient: `other-${part}`, part }));
  for (const { patient } of others) writeSliceFile(folder, { patient, name: '0', atMm: 0, stored: pixelsOf(patient) });
  const table = join(folder, 'others.csv');
  writeFileSync(table, ['patient_id,label,split', ...others.map((o) => `${o.patient},x,${o.part}`), ''].join('\n'));
  const added = addMarked(folder, kind, ['--labels', table]);
  expect(added.status, added.stderr).toBe(0);
  const [masks] = added.masks.filter((own) => Object.values(own).some((pixels) => pixels !== null));
  return { ...added, masks: masks! };
}

it.skipIf(!isThere)('several-structures: refused with the names; with one that is named, its pixels', () => {
  const { parts } = expected('several-structures') as { parts: number[] };
  const refused = addMarked(join(CASES, 'several-structures'), 'seg');
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('choose one with --structure NAME: Lung (in 6 objects), Lesion (in 6 objects)');
  for (const [at, structure] of ['Lung', 'lesion'].entries()) {
    const words = ['--labels', 'none', '--structure', structure];
    const { masks } = addMarked(join(CASES, 'several-structures'), 'seg', words);
    expect(masks.map((own) => Math.max(...Object.values(own).map(Number)))).toEqual(times(parts[at]));
  }
});

it('three regions of a structure set, and objects of other patients with another structure, are never united', () => {
  const three = ofEach((folder, patient) => {
    const source = writeSeries(folder, patient, FOUR);
    const drawn = (size: number) => [{ corners: around(2, 2, size, size), zMm: 2 }];
    writeContours(folder, `rt-${patient}`, source, { GTV: drawn(3), CTV: drawn(5), 'spinal cord': drawn(2) });
  });
  const refused = addMarked(three, 'rtstruct');
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining('GTV (in 6 objects), CTV (in 6 objects)'),
  ]);
  const { masks } = addMarked(three, 'rtstruct', ['--labels', 'none', '--structure', 'CTV']);
  expect(masks).toEqual(times({ 2: 25 }));

  const mixed = ofEach((folder, patient) => {
    const segment = patient < 'P-3' ? { label: 'Lung', type: CODES.lung } : { label: 'Mass', type: CODES.mass };
    const source = writeSeries(folder, patient, FOUR);
    writeSeg(folder, `seg-${patient}`, source, [{ ...segment, masks: [none, block(1, 1, 2, 4), none, none] }]);
  });
  expect(addMarked(mixed, 'seg').stderr).toContain('Lung (in 3 objects), Mass (in 3 objects)');
  const unknown = addMarked(mixed, 'seg', ['--labels', 'none', '--structure', 'Liver']);
  expect(unknown.stderr).toContain('none is called Liver, choose with --structure one of: Lung');
});

it('structures of one kind with names of their own are one by the meaning of their code', () => {
  const folder = ofEach((into, patient) => {
    const source = writeSeries(into, patient, FOUR);
    const segments = [1, 8].map((left, at) => ({
      label: `Nodule ${at + 1}`,
      masks: [none, block(1, left, 2, 2), none, none],
    }));
    writeSeg(into, `seg-${patient}`, source, segments);
  });
  expect(addMarked(folder, 'seg').stderr).toContain('--structure NAME: Nodule (in 6 objects), Nodule 1 (in 6 objects)');
  expect(addMarked(folder, 'seg', ['--labels', 'none', '--structure', 'Nodule']).masks).toEqual(
    times({ 0: 0, 2: 8, 4: 0, 6: 0 }),
  );
});

it.skipIf(!isThere)('two-readings: set aside with the question; --reading newest takes one and says which', () => {
  const { parts } = expected('two-readings') as { parts: number[] };
  const asked = addMarked(join(CASES, 'two-readings'), 'seg');
  expect(asked.report.setAside).toEqual({ 'two-readings': 6 });
  expect(asked.report.files).toContainEqual({
    ...{ file: 'DPAT110/1.dcm', reason: 'two-readings', because: 'DPAT110/seg_b.dcm' },
  });
  const { report, masks } = addMarked(join(CASES, 'two-readings'), 'seg', ['--labels', 'none', '--reading', 'newest']);
  expect(masks.map((own) => Math.max(...Object.values(own).map(Number)))).toEqual(times(parts[1]));
  expect(filesOf(report, 'annotation-superseded')).toEqual([0, 1, 2, 3, 4, 5].map((n) => `DPAT11${n}/seg_a.dcm`));
});

it('two structure sets of one region, and three segmentations of which two agree, are a question of their slices alone', () => {
  const dated = (source: ReturnType<typeof sourceOf>, studyDate: string) => ({
    ...source,
    study: { ...source.study, studyDate },
  });
  const contours = ofEach((folder, patient) => {
    const source = writeSeries(folder, patient, FOUR);
    const drawn = (size: number) => ({ GTV: [{ corners: around(2, 2, size, size), zMm: 2 }] });
    writeContours(folder, `a-${patient}`, dated(source, '20240101'), drawn(6), { listsPictures: true });
    writeContours(folder, `b-${patient}`, dated(source, '20240601'), drawn(4), { listsPictures: true });
  });
  expect(addMarked(contours, 'rtstruct').report).toMatchObject({ setAside: { 'two-readings': 6 }, usable: 18 });
  expect(addMarked(contours, 'rtstruct', ['--labels', 'none', '--reading', 'newest']).masks).toEqual(
    times({ 0: 0, 2: 16, 4: 0, 6: 0 }),
  );

  const three = ofEach((folder, patient) => {
    const source = writeSeries(folder, patient, FOUR);
    for (const [name, columns] of [
      ['a', 3],
      ['b', 3],
      ['c', patient === 'P-0' ? 4 : 3],
    ] as const)
      writeSeg(folder, `${name}-${patient}`, source, [
        { label: 'Mass', masks: [none, none, block(0, 0, 3, columns), none] },
      ]);
  });
  const { report, masks } = addMarked(three, 'seg');
  expect(report.files).toEqual(
    expect.arrayContaining([{ file: 'P-0-4.dcm', reason: 'two-readings', because: 'c-P-0.dcm' }]),
  );
  expect(report.setAside).toEqual({ 'two-readings': 1 });
  expect(masks.filter((own) => own[4] === 9)).toHaveLength(5);
});

it.skipIf(!isThere)('contour-twice: the contour counts once; control-contour-once: a ring keeps its hole', () => {
  for (const name of ['contour-twice', 'control-contour-once']) {
    const { pixels, tolerance } = expected(name) as { pixels: number; tolerance: number };
    const { masks } = withOthers(name, 'rtstruct');
    expect(Math.abs(masks[4]! - pixels), name).toBeLessThanOrEqual(tolerance);
  }
  const { hole } = expected('control-contour-once') as { hole: number };
  expect(Object.values(withOthers('control-contour-once', 'rtstruct').masks)).toContain(hole);
});

it('contours twice and turned, nearly twice, overlapping in part, nested, and of the kind XOR', () => {
  const corners = around(2, 2, 10, 10);
  const shapes: Record<
    string,
    { drawn: readonly { corners: readonly (readonly [number, number])[]; kind?: 'CLOSEDPLANAR_XOR' }[]; pixels: number }
  > = {
    turned: { drawn: [{ corners }, { corners: corners.toReversed() }], pixels: 100 },
    nearly: { drawn: [{ corners }, { corners: corners.map(([x, y]) => [x + 0.04, y - 0.03] as const) }], pixels: 100 },
    overlapping: { drawn: [{ corners: around(1, 1, 8, 8) }, { corners: around(6, 6, 8, 8) }], pixels: 119 },
    island: {
      drawn: [around(1, 1, 13, 13), around(3, 3, 8, 8), around(5, 5, 3, 3)].map((c) => ({ corners: c })),
      pixels: 114,
    },
    xor: {
      drawn: [around(1, 1, 8, 8), around(6, 6, 8, 8)].map((c) => ({ corners: c, kind: 'CLOSEDPLANAR_XOR' as const })),
      pixels: 110,
    },
    hole: { drawn: [{ corners: around(3, 3, 4, 4) }, { corners }], pixels: 84 },
  };
  const folder = newFolder();
  for (const [name, { drawn }] of Object.entries(shapes)) {
    const source = writeSeries(folder, name, FOUR);
    writeContours(folder, `rt-${name}`, source, { GTV: drawn.map((one) => ({ ...one, zMm: 4 })) });
  }
  const { masks } = addMarked(folder, 'rtstruct');
  expect(masks.map((own) => own[4]).sort()).toEqual(
    Object.values(shapes)
      .map(({ pixels }) => pixels)
      .sort(),
  );
});

it.skipIf(!isThere)('contour-off-plane: each contour is in the slice that is nearest', () => {
  expect(withOthers('contour-off-plane', 'rtstruct').masks).toEqual({ 0: 0, 2: 0, 4: 80, 6: 80, 8: 0 });
});

it('a contour belongs to the nearest slice alone, not farther than a millimetre; the others are counted', () => {
  const folder = ofEach((into, patient) => {
    const source = writeSeries(into, patient, [0, 5, 10, 15]);
    const drawn = (zMm: number) => ({ corners: around(2, 2, 3, 3), zMm });
    // In a slice; .9 mm off with the next one 4.1 mm away; 2 mm off; beyond the last.
    writeContours(into, `rt-${patient}`, source, { GTV: [0, 5.9, 12, 40].map(drawn) });
  });
  const wide = addMarked(folder, 'rtstruct');
  expect(wide.masks).toEqual(times({ 0: 9, 5: 9 }));
  expect(wide.report).toMatchObject({
    partsWithoutPicture: PATIENTS.map((patient) => ({ file: `rt-${patient}.dcm`, unmet: 2, parts: 4 })),
  });

  const dense = ofEach((into, patient) => {
    const source = writeSeries(into, patient, [0, 0.8, 1.6]);
    const drawn = (zMm: number) => ({ corners: around(2, 2, 3, 3), zMm });
    // .3 mm off one, .5 off the other; and in the middle of two.
    writeContours(into, `rt-${patient}`, source, { GTV: [0.3, 1.2].map(drawn) });
  });
  const narrow = addMarked(dense, 'rtstruct');
  expect(narrow.masks).toEqual(times({ 0: 9 }));
  expect(narrow.report).toMatchObject({ partsWithoutPicture: times(expect.objectContaining({ unmet: 1 })) });
});

it.skipIf(!isThere)('source-whole-file: the plane says which frame is meant', () => {
  const { pixels } = expected('source-whole-file') as { pixels: number[] };
  expect(Object.values(withOthers('source-whole-file', 'seg').masks)).toEqual(pixels);
});

it.each([
  ['in order', [0, 2, 4, 6, 8]],
  ['from the head down', [8, 6, 4, 2, 0]],
])('a source of many frames %s that is named as a whole', (_, places) => {
  const folder = ofEach((into, patient) => {
    writeFramesFile(
      into,
      patient,
      places.map((atMm) => ({ atMm, stored: pixelsOf(`${patient} ${atMm}`) })),
    );
    const slices = places.map((atMm) => ({
      patient,
      name: String(atMm),
      atMm,
      instance: patient,
      frameOfReference: patient,
    }));
    const source = {
      ...sourceOf(slices),
      frameOfReferenceUid: sourceOf([{ ...slices[0]!, frameOfReference: patient }]).frameOfReferenceUid,
    };
    const masks = places.map((atMm) => (atMm === 2 ? block(1, 1, 3, 5) : atMm === 8 ? block(4, 4, 2, 2) : none));
    writeSeg(into, `seg-${patient}`, source, [{ label: 'Mass', masks }]);
  });
  expect(addMarked(folder, 'seg').masks).toEqual(times({ 0: 0, 2: 15, 4: 0, 6: 0, 8: 4 }));
});

it('objects that name pictures of before they were exported anew are placed by geometry, with a line', () => {
  const seg = ofEach((folder, patient) => {
    const source = writeSeries(folder, patient, FOUR);
    // Another series of the patient, in a frame of reference of its own.
    writeSeries(folder, patient, FOUR, { series: `other ${patient}` });
    writeSeg(folder, `seg-${patient}`, reexported(source), [
      { label: 'Mass', masks: [none, block(2, 2, 3, 3), none, none] },
    ]);
  });
  const placed = addMarked(seg, 'seg');
  expect(placed.report).toMatchObject({ notImages: { 'annotation-by-place': 6 } });
  expect(placed.masks).toEqual(times({ 0: 0, 2: 9, 4: 0, 6: 0 }));

  const contours = ofEach((folder, patient) => {
    const source = writeSeries(folder, patient, FOUR);
    const regions = { GTV: [2, 4.3].map((zMm) => ({ corners: around(1, 1, 4, 6), zMm })) };
    writeContours(folder, `rt-${patient}`, reexported(source), regions, { listsPictures: true });
  });
  expect(addMarked(contours, 'rtstruct').masks).toEqual(times({ 0: 0, 2: 24, 4: 24, 6: 0 }));
});

it('an object that fits two series, or no picture, or pictures of another patient is set aside with the question', () => {
  const folder = newFolder();
  for (const patient of PATIENTS) {
    const source = writeSeries(folder, patient, FOUR, { frameOfReference: patient });
    const masks = [none, block(2, 2, 3, 3), none, none];
    if (patient !== 'P-0') writeSeg(folder, `seg-${patient}`, source, [{ label: 'Mass', masks }]);
    if (patient === 'P-0') {
      writeSeries(folder, patient, FOUR, { frameOfReference: patient, series: 'PET' });
      writeSeg(folder, 'seg-of-two', reexported(source), [{ label: 'Mass', masks }]);
    }
    if (patient === 'P-1') {
      const elsewhere = { ...reexported(source), frameOfReferenceUid: '2.25.77' };
      writeSeg(folder, 'seg-elsewhere', elsewhere, [{ label: 'Mass', masks }]);
      const stranger = { ...reexported(source), study: { ...reexported(source).study, patientId: 'Q-9' } };
      writeSeg(folder, 'seg-stranger', stranger, [{ label: 'Mass', masks }]);
    }
  }
  const { report, masks } = addMarked(folder, 'seg');
  expect(filesOf(report, 'annotation-of-several')).toEqual(['seg-of-two.dcm']);
  expect(filesOf(report, 'annotation-elsewhere')).toEqual(['seg-elsewhere.dcm', 'seg-stranger.dcm']);
  expect(masks).toHaveLength(5);
});
