import type { ImagePlane } from '@consilium/dicom';
import { expect, it } from 'vitest';
import { CT_SITE_PROFILES } from '../phantom-ct/ct-profiles.js';
import { takeCtStudy } from '../phantom-ct/take-ct-study.js';
import { MR_SITE_PROFILES } from '../phantom-mr/mr-profiles.js';
import { takeMrStudy } from '../phantom-mr/take-mr-study.js';
import { lesionVolumeCm3 } from './lesion.js';
import { makeVolumeRoster, type VolumePatient } from './volume-roster.js';
import { stackPlanes } from './volume-study.js';

const patient: VolumePatient = { id: 'geometry-1', sex: 'F', ageYears: 66, hasLesions: true, studies: 2 };
const order = { seed: 2, siteId: 'geometry', patient, study: 0, matrix: 32 };

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, axis) => sum + value * b[axis]!, 0);
}

function cross([rx, ry, rz, cx, cy, cz]: ImagePlane['orientation']): [number, number, number] {
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}

it('slices are parallel, one spacing apart along their normal, up or down as the protocol says', () => {
  for (const profile of CT_SITE_PROFILES) {
    const [series] = takeCtStudy({ ...order, profile });
    const { spacingMm, slices, isUpwards, fieldOfViewMm } = profile.protocol;
    const planes = series!.source.images.map(({ plane }) => plane);
    expect(planes).toHaveLength(slices);
    planes.slice(1).forEach((plane, k) => {
      expect(plane.positionMm[2] - planes[k]!.positionMm[2]).toBeCloseTo(isUpwards ? spacingMm : -spacingMm, 9);
      expect(plane.positionMm.slice(0, 2)).toEqual(planes[k]!.positionMm.slice(0, 2));
    });
    expect(planes[0]!.spacingMm.row * 32).toBeCloseTo(fieldOfViewMm, 9);
  }
  for (const profile of MR_SITE_PROFILES) {
    const series = takeMrStudy({ ...order, profile });
    const planes = series[0]!.source.images.map(({ plane }) => plane);
    const normal = cross(planes[0]!.orientation);
    const [row, column] = [planes[0]!.orientation.slice(0, 3), planes[0]!.orientation.slice(3)];
    expect(
      [dot(row, row), dot(column, column), dot(row, column), dot(normal, normal)].map(
        (v) => Math.round(v * 1e9) / 1e9 + 0,
      ),
    ).toEqual([1, 1, 0, 1]);
    planes.slice(1).forEach((plane, k) => {
      const step = plane.positionMm.map((value, axis) => value - planes[k]!.positionMm[axis]!);
      expect(dot(step, normal)).toBeCloseTo(profile.protocol.spacingMm, 9);
      expect(Math.abs(dot(step, row)) + Math.abs(dot(step, column))).toBeLessThan(1e-9);
    });
    // Every series of a study shows the same planes in the same frame of reference.
    for (const other of series) {
      expect(other.source.images.map(({ plane }) => plane)).toEqual(planes);
      expect(other.source.frameOfReferenceUid).toBe(series[0]!.source.frameOfReferenceUid);
    }
  }
});

it('the middle of the stack is its centre, whatever the tilt; the table moves what the files say and not the body', () => {
  const stack = stackPlanes({
    center: [3, -7, 11],
    tiltRadians: 0.3,
    yawRadians: -0.2,
    matrix: 20,
    fieldOfViewMm: 100,
    thicknessMm: 4,
    spacingMm: 5,
    slices: 3,
    isUpwards: true,
    tableMm: [10, 20, 30],
  });
  const { positionMm, orientation } = stack.drawn[1]!;
  const half = (19 / 2) * 5;
  [3, -7, 11].forEach((value, axis) => {
    expect(positionMm[axis]! + half * (orientation[axis]! + orientation[axis + 3]!)).toBeCloseTo(value, 9);
    expect(stack.scanned[1]!.positionMm[axis]! - positionMm[axis]!).toBeCloseTo([10, 20, 30][axis]!, 9);
  });
});

it('masks add up to the volume of the lesion that they cut', () => {
  const profile = MR_SITE_PROFILES[3]!;
  const { spacingMm, fieldOfViewMm } = profile.protocol;
  const patients = makeVolumeRoster(profile, 'volumes', 4, 6).filter(({ hasLesions }) => hasLesions);
  const lesions = patients.flatMap((one) => takeMrStudy({ ...order, patient: one, profile, matrix: 240 })[0]!.lesions);
  const inMiddle = lesions.filter(({ masks }) => !masks[0]!.includes(1) && !masks.at(-1)!.includes(1));
  expect(inMiddle.length).toBeGreaterThan(1);
  const sums = inMiddle.map(({ masks, lesion }) => {
    const pixels = masks.reduce((sum, mask) => sum + mask.reduce((all, value) => all + value, 0), 0);
    return (pixels * (fieldOfViewMm / 240) ** 2 * spacingMm) / 1000 / lesionVolumeCm3(lesion);
  });
  // Slices are few: each sum is rough, their mean less so.
  expect(sums.reduce((sum, value) => sum + value, 0) / sums.length).toBeCloseTo(1, 0.7);
});

it('a second study shows the same body at another place, later, with lesions of another size', () => {
  const profile = CT_SITE_PROFILES[0]!;
  const [first, second] = [0, 1].map((study) => takeCtStudy({ ...order, study, profile })[0]!);
  expect(second!.source.study.patientId).toBe(first!.source.study.patientId);
  expect(second!.source.study.studyInstanceUid).not.toBe(first!.source.study.studyInstanceUid);
  expect(Number(second!.source.study.studyDate)).toBeGreaterThan(Number(first!.source.study.studyDate));
  const [before, after] = [first!.lesions[0]!.lesion, second!.lesions[0]!.lesion];
  expect(after.center).toEqual(before.center);
  expect(after.radiusMm).not.toBeCloseTo(before.radiusMm, 3);
});

it('within each sex as many patients have lesions as have none, to one', () => {
  for (const count of [7, 16, 25]) {
    const roster = makeVolumeRoster(CT_SITE_PROFILES[2]!, 'roster', 9, count);
    expect(roster).toHaveLength(count);
    for (const sex of ['F', 'M']) {
      const of = roster.filter((one) => one.sex === sex);
      const ill = of.filter(({ hasLesions }) => hasLesions).length;
      expect(Math.abs(2 * ill - of.length)).toBeLessThanOrEqual(1);
    }
    expect(new Set(roster.map(({ id }) => id)).size).toBe(count);
  }
});
