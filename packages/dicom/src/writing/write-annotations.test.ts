import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { expect, it } from 'vitest';
import { CODES } from './codes.js';
import { COLUMNS, EQUIPMENT, ROWS, sourceSeries, structures } from './series.fixture.js';
import { uidFromName } from './uid.js';
import { writeStructureSet } from './write-rtstruct.js';
import { writeSegmentation } from './write-seg.js';
import { writeMeasurementReport } from './write-sr.js';

const source = sourceSeries();
const derived = {
  source,
  sopInstanceUid: uidFromName('derived'),
  seriesInstanceUid: uidFromName('derived series'),
  seriesNumber: 100,
  equipment: EQUIPMENT,
  contentLabel: 'TRUTH',
};

function items(dataSet: DataSet, tag: string): DataSet[] {
  return (dataSet.elements[tag] as Element).items!.map((item) => item.dataSet!);
}

function numbers(dataSet: DataSet, tag: string): number[] {
  return dataSet.string(tag)!.split('\\').map(Number);
}

it('a segmentation has a frame wherever a segment is, with its bits, its place and its source', () => {
  const segments = structures();
  const bytes = writeSegmentation({ ...derived, segments });
  const seg = dicomParser.parseDicom(bytes);
  const frames = items(seg, 'x52009230');
  expect(seg.string('x00280008')).toBe('3');
  const element = seg.elements.x7fe00010!;
  const bit = (i: number) => (bytes[element.dataOffset + (i >> 3)]! >> (i & 7)) & 1;
  const expected = [
    [1, 0],
    [1, 1],
    [2, 1],
  ] as const;
  expected.forEach(([segment, image], frame) => {
    const groups = frames[frame]!;
    const mask = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => bit(frame * ROWS * COLUMNS + i));
    expect(mask).toEqual(segments[segment - 1]!.masks[image]);
    expect(items(groups, 'x0062000a')[0]!.uint16('x0062000b')).toBe(segment);
    const position = numbers(items(groups, 'x00209113')[0]!, 'x00200032');
    source.images[image]!.plane.positionMm.forEach((value, axis) => {
      expect(position[axis]).toBeCloseTo(value, 9);
    });
    const sourceImage = items(items(groups, 'x00089124')[0]!, 'x00082112')[0]!;
    expect(sourceImage.string('x00081155')).toBe(source.images[image]!.sopInstanceUid);
  });
});

it('contours of a structure set lie half a pixel around their masks, in the plane of their image', () => {
  const rt = dicomParser.parseDicom(writeStructureSet({ ...derived, structures: structures() }));
  const [ring, edge] = items(rt, 'x30060039');
  // Two slices with an outline, a hole and a speck that touches at a corner.
  expect(items(ring!, 'x30060040')).toHaveLength(6);
  const [contour] = items(edge!, 'x30060040');
  expect(contour!.string('x30060042')).toBe('CLOSED_PLANAR');
  const { sopInstanceUid, plane } = source.images[1]!;
  expect(items(contour!, 'x30060016')[0]!.string('x00081155')).toBe(sopInstanceUid);
  const data = numbers(contour!, 'x30060050');
  expect(contour!.intString('x30060046')).toBe(data.length / 3);
  const [ox, oy, oz] = plane.positionMm;
  const [rx, ry, rz, cx, cy, cz] = plane.orientation;
  const points = Array.from({ length: data.length / 3 }, (_, k) => {
    const [x, y, z] = [data[3 * k]! - ox, data[3 * k + 1]! - oy, data[3 * k + 2]! - oz];
    expect(x * (ry * cz - rz * cy) + y * (rz * cx - rx * cz) + z * (rx * cy - ry * cx)).toBeCloseTo(0, 4);
    return { column: (x * rx + y * ry + z * rz) / 0.5, row: (x * cx + y * cy + z * cz) / 0.75 };
  });
  // The rectangle of rows 0 and 1, columns 8 to 10.
  const [rows, columns] = [points.map(({ row }) => row), points.map(({ column }) => column)];
  expect([Math.min(...rows), Math.max(...rows)]).toEqual([expect.closeTo(-0.5, 3), expect.closeTo(1.5, 3)]);
  expect([Math.min(...columns), Math.max(...columns)]).toEqual([expect.closeTo(7.5, 3), expect.closeTo(10.5, 3)]);
});

it('a report has a group a finding, with its code, its images, its segment and its volume', () => {
  const segment = { sopInstanceUid: '2.25.5', seriesInstanceUid: '2.25.6', number: 1 };
  const track = (name: string) => ({ trackingId: name, trackingUid: uidFromName(name) });
  const bytes = writeMeasurementReport({
    ...derived,
    procedure: CODES.ctOfChest,
    findings: [
      { ...track('a'), finding: CODES.nodule, site: CODES.lung, images: [0, 1], segment, volumeCm3: 1.25 },
      { ...track('b'), finding: CODES.noAbnormality, images: [2] },
    ],
  });
  const report = dicomParser.parseDicom(bytes);
  const codeOf = (item: DataSet, tag: string) => items(item, tag)[0]!.string('x00080100');
  const measurements = items(report, 'x0040a730').find((item) => codeOf(item, 'x0040a043') === '126010')!;
  const groups = items(measurements, 'x0040a730');
  expect(groups.map((group) => items(group, 'x0040a504')[0]!.string('x0040db00'))).toEqual(['1411', '1501']);
  const found = groups.map((group) => {
    const finding = items(group, 'x0040a730').find((item) => codeOf(item, 'x0040a043') === '121071')!;
    return codeOf(finding, 'x0040a168');
  });
  expect(found).toEqual([CODES.nodule.value, CODES.noAbnormality.value]);
  const images = (group: DataSet) =>
    items(group, 'x0040a730')
      .filter((item) => item.string('x0040a040') === 'IMAGE')
      .map((item) => items(item, 'x00081199')[0]!);
  expect(images(groups[0]!).map((image) => image.string('x00081155'))).toEqual([
    segment.sopInstanceUid,
    source.images[0]!.sopInstanceUid,
    source.images[1]!.sopInstanceUid,
  ]);
  expect(images(groups[0]!)[0]!.uint16('x0062000b')).toBe(1);
  expect(images(groups[1]!).map((image) => image.string('x00081155'))).toEqual([source.images[2]!.sopInstanceUid]);
  const volume = items(groups[0]!, 'x0040a730').find((item) => item.string('x0040a040') === 'NUM')!;
  expect(items(volume, 'x0040a300')[0]!.floatString('x0040a30a')).toBe(1.25);
  const evidence = items(items(report, 'x0040a375')[0]!, 'x00081115');
  expect(evidence.map((series) => items(series, 'x00081199').length)).toEqual([3, 1]);
});

it.each([
  ['no segment anywhere', () => writeSegmentation({ ...derived, segments: [] })],
  [
    'empty masks',
    () =>
      writeSegmentation({ ...derived, segments: [{ ...structures()[0]!, masks: [undefined, undefined, undefined] }] }),
  ],
  ['too few masks', () => writeSegmentation({ ...derived, segments: [{ ...structures()[0]!, masks: [] }] })],
  [
    'a mask of another size',
    () =>
      writeStructureSet({
        ...derived,
        structures: [{ ...structures()[0]!, masks: [new Uint8Array(3), undefined, undefined] }],
      }),
  ],
  ['no structure', () => writeStructureSet({ ...derived, structures: [] })],
  ['no finding', () => writeMeasurementReport({ ...derived, procedure: CODES.ctOfChest, findings: [] })],
  [
    'an image that is not there',
    () =>
      writeMeasurementReport({
        ...derived,
        procedure: CODES.ctOfChest,
        findings: [{ trackingId: 'a', trackingUid: '1.2', finding: CODES.nodule, images: [3] }],
      }),
  ],
])('refuses %s', (_, write) => {
  expect(write).toThrow(expect.objectContaining({ code: 'DICOM_INVALID' }));
});
