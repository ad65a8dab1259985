import { describe, expect, it } from 'vitest';
import {
  type AnnotatedImage,
  CODES,
  openAnnotations,
  readAnnotations,
  uidFromName,
  writeMeasurementReport,
  writeSegmentation,
  writeStructureSet,
} from '../index.js';
import { COLUMNS, EQUIPMENT, ROWS, sourceSeries, structures } from '../writing/series.fixture.js';

const source = sourceSeries();
const derived = {
  source,
  sopInstanceUid: uidFromName('derived'),
  seriesInstanceUid: uidFromName('derived series'),
  seriesNumber: 100,
  equipment: EQUIPMENT,
  contentLabel: 'TRUTH',
};
const slice = (number: number, changes: Partial<AnnotatedImage> = {}): AnnotatedImage => ({
  sopInstanceUid: source.images[number]!.sopInstanceUid,
  studyInstanceUid: source.study.studyInstanceUid,
  frame: 1,
  frameCount: 1,
  sliceGapMm: undefined,
  rows: ROWS,
  columns: COLUMNS,
  frameOfReferenceUid: source.frameOfReferenceUid,
  plane: source.images[number]!.plane,
  ...changes,
});
const EMPTY = new Uint8Array(ROWS * COLUMNS);

describe.each([
  ['segmentation', writeSegmentation({ ...derived, segments: structures() })],
  ['structure set', writeStructureSet({ ...derived, structures: structures() })],
])('a %s that was written', (_, bytes) => {
  const annotations = readAnnotations(bytes)!;

  it('gives back every mask exactly, and an empty one where a structure is not', () => {
    expect(annotations.structures.map(({ label, code }) => [label, code])).toEqual([
      ['ring', CODES.nodule],
      ['edge', CODES.nodule],
    ]);
    structures().forEach(({ masks }, i) => {
      const got = masks.map((_mask, number) => annotations.maskOf(slice(number), annotations.structures[i]!));
      expect(got).toEqual(masks.map((mask) => mask ?? EMPTY));
    });
  });

  it('names study, series and slices', () => {
    expect(annotations.studyInstanceUid).toBe(source.study.studyInstanceUid);
    const named = annotations.references.filter(({ seriesInstanceUid }) => seriesInstanceUid !== undefined);
    expect(new Set(named.map(({ seriesInstanceUid }) => seriesInstanceUid))).toEqual(
      new Set([source.seriesInstanceUid]),
    );
    expect(named.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(
      source.images.map(({ sopInstanceUid }) => sopInstanceUid),
    );
  });

  it('says nothing of another picture, even one in the same place', () => {
    const other = slice(1, { sopInstanceUid: '1.2.3' });
    expect(annotations.structures.map((structure) => annotations.maskOf(other, structure))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('does not put a mask on a picture that is elsewhere than it should be', () => {
    const elsewhere = slice(1, { plane: source.images[2]!.plane });
    expect(() => annotations.maskOf(elsewhere, annotations.structures[0]!)).toThrow(
      expect.objectContaining({ code: 'DICOM_INVALID' }),
    );
  });

  it('fits a mirrored picture', () => {
    const { plane } = source.images[0]!;
    const [x, y, z, ...down] = plane.orientation;
    const far = (COLUMNS - 1) * plane.spacingMm.column;
    const [px, py, pz] = plane.positionMm;
    const mirrored = slice(0, {
      plane: { ...plane, orientation: [-x, -y, -z, ...down], positionMm: [px + far * x, py + far * y, pz + far * z] },
    });
    const mask = annotations.maskOf(mirrored, annotations.structures[0]!)!;
    const straight = structures()[0]!.masks[0]!;
    const at = (i: number) => straight[i - (i % COLUMNS) + (COLUMNS - 1 - (i % COLUMNS))]!;
    expect(mask).toEqual(Uint8Array.from(mask, (_value, i) => at(i)));
  });
});

it('a segmentation fits a picture of twice the resolution: every pixel becomes four', () => {
  const annotations = readAnnotations(writeSegmentation({ ...derived, segments: structures() }))!;
  const { plane } = source.images[0]!;
  const spacingMm = { row: plane.spacingMm.row / 2, column: plane.spacingMm.column / 2 };
  const [x, y, z, dx, dy, dz] = plane.orientation;
  const shift = (axis: 0 | 1 | 2, along: number, down: number) =>
    plane.positionMm[axis] - (along * spacingMm.column) / 2 - (down * spacingMm.row) / 2;
  const positionMm = [shift(0, x, dx), shift(1, y, dy), shift(2, z, dz)] as const;
  const fine = slice(0, { rows: 2 * ROWS, columns: 2 * COLUMNS, plane: { ...plane, spacingMm, positionMm } });
  const mask = annotations.maskOf(fine, annotations.structures[0]!)!;
  const coarse = structures()[0]!.masks[0]!;
  const expected = Uint8Array.from(mask, (_value, i) => {
    const [row, column] = [Math.floor(i / (2 * COLUMNS)), i % (2 * COLUMNS)];
    return coarse[(row >> 1) * COLUMNS + (column >> 1)]!;
  });
  expect(mask).toEqual(expected);
});

it('a segmentation without planes must have the size of its picture', () => {
  const annotations = readAnnotations(writeSegmentation({ ...derived, segments: structures() }))!;
  const unknown = slice(0, { plane: undefined });
  expect(annotations.maskOf(unknown, annotations.structures[0]!)).toEqual(structures()[0]!.masks[0]);
  expect(() => annotations.maskOf({ ...unknown, rows: ROWS + 1 }, annotations.structures[0]!)).toThrow(
    expect.objectContaining({ code: 'MASK_SIZE_MISMATCH' }),
  );
});

it('contours need the plane of a picture that they name', () => {
  const annotations = readAnnotations(writeStructureSet({ ...derived, structures: structures() }))!;
  expect(() => annotations.maskOf(slice(0, { plane: undefined }), annotations.structures[0]!)).toThrow(
    expect.objectContaining({ code: 'DICOM_INVALID' }),
  );
});

describe('a measurement report that was written', () => {
  const track = (name: string) => ({ trackingId: name, trackingUid: uidFromName(name) });
  const segment = { sopInstanceUid: '2.25.5', seriesInstanceUid: '2.25.6', number: 1 };
  const bytes = writeMeasurementReport({
    ...derived,
    procedure: CODES.ctOfChest,
    findings: [
      { ...track('a'), finding: CODES.nodule, site: CODES.lung, images: [0, 1], segment, volumeCm3: 1.25 },
      { ...track('b'), finding: CODES.noAbnormality, images: [2] },
    ],
  });
  const report = readAnnotations(bytes)!;

  it('gives each finding to its own slices, with its code', () => {
    const findings = [0, 1, 2].map((number) =>
      report.findingsOf(slice(number)).map(({ concept, value }) => `${concept.value} ${value}`),
    );
    const nodule = [`121071 ${CODES.nodule.meaning}`, expect.stringMatching(/ 1\.25 cm3$/)];
    expect(findings).toEqual([nodule, nodule, [`121071 ${CODES.noAbnormality.meaning}`]]);
    expect(report.findings[0]!.valueCode).toEqual(CODES.nodule);
  });

  it('is the label; a segmentation of the same slice the mask', () => {
    const seg = readAnnotations(writeSegmentation({ ...derived, segments: structures() }))!;
    const annotations = openAnnotations([report, seg]);
    expect([0, 1, 2].map((number) => annotations.labelOf(slice(number)))).toEqual([
      CODES.nodule.meaning,
      CODES.nodule.meaning,
      CODES.noAbnormality.meaning,
    ]);
    const [ring] = structures().map(({ masks }) => masks[1]!);
    expect(() => annotations.maskOf(slice(1))).toThrow(
      expect.objectContaining({ code: 'ANNOTATION_STRUCTURE_UNCHOSEN' }),
    );
    const { label } = structures()[0]!;
    expect(openAnnotations([report, seg], { structure: label }).maskOf(slice(1))).toEqual(ring);
  });

  it('has labels of any concept that is asked for, and none of others', () => {
    const volumes = openAnnotations([report], { concept: 'Volume' });
    expect(volumes.labelOf(slice(0))).toBe('1.25 cm3');
    expect(volumes.labelOf(slice(2))).toBeUndefined();
    expect(openAnnotations([report]).labelOf(slice(0, { sopInstanceUid: '1.2' }))).toBeUndefined();
  });
});

describe('labels from masks', () => {
  const [ring, edge] = structures();
  const segments = [ring!, { ...edge!, type: CODES.mass }];
  const seg = readAnnotations(writeSegmentation({ ...derived, segments }))!;

  it('are what is marked, and none where nothing is', () => {
    const annotations = openAnnotations([seg], { structure: 'Edge' });
    expect([0, 1, 2].map((number) => annotations.labelOf(slice(number)))).toEqual(['none', CODES.mass.meaning, 'none']);
    expect(annotations.maskOf(slice(0))).toEqual(EMPTY);
  });

  it('contradict each other where several structures are marked and none was chosen', () => {
    const annotations = openAnnotations([seg]);
    expect(annotations.labelOf(slice(0))).toBe(CODES.nodule.meaning);
    expect(() => annotations.labelOf(slice(1))).toThrow(expect.objectContaining({ code: 'ANNOTATION_CONTRADICTORY' }));
  });

  it('agree where several structures are the same thing', () => {
    const nodules = readAnnotations(writeSegmentation({ ...derived, segments: structures() }))!;
    expect(openAnnotations([nodules]).labelOf(slice(1))).toBe(CODES.nodule.meaning);
  });

  it('come from the kinds that were chosen', () => {
    const annotations = openAnnotations([seg], { kinds: ['rtstruct', 'sr'] });
    expect(annotations.labelOf(slice(0))).toBeUndefined();
    expect(annotations.maskOf(slice(0))).toBeUndefined();
  });
});
