import { CT_IMAGE_STORAGE, type DataSet, type EquipmentFacts, uidFromName } from '@consilium/dicom';
import { type Lesion, makeLesion } from '../phantom-volume/lesion.js';
import {
  type PhantomSeries,
  phantomSeries,
  type SeriesMaker,
  type Stack,
  seenLesions,
  stackPlanes,
  studyFacts,
  studyName,
  type VolumeStudyOrder,
} from '../phantom-volume/volume-study.js';
import { SeededRandom } from '../seeded-random.js';
import { makeChest } from './chest.js';
import type { CtKernel, CtProtocol, CtSiteProfile } from './ct-profiles.js';
import { makeClutter, placeInLung } from './draw-chest.js';
import { type CtScene, scanSlice } from './scan-slice.js';

export interface CtStudyOrder extends VolumeStudyOrder {
  readonly profile: CtSiteProfile;
}

/** One series for each of the protocol's kernels, of the same planes. */
export function takeCtStudy(order: CtStudyOrder): PhantomSeries[] {
  const { profile, seed, patient, study } = order;
  const { protocol } = profile;
  const matrix = order.matrix ?? protocol.matrix;
  const pose = new SeededRandom('ct pose', seed, patient.id, study);
  const stack = stackPlanes({
    ...protocol,
    matrix,
    center: [pose.normal(0, 6), pose.normal(8, 5), pose.normal(2, 7)],
    tiltRadians: 0,
    yawRadians: 0,
    tableMm: [0, pose.uniform(-160, -120), pose.uniform(-400, -100)],
  });
  const scene = makeScene(order);
  const lesions = seenLesions('nodule', scene.lesions, stack, matrix);
  return protocol.kernels.map((kernel, index) => {
    const fieldsAt = sliceFieldsOf(order, stack, kernel, index);
    const scanAt = (k: number) => {
      const random = new SeededRandom('ct noise', seed, patient.id, study, index, k);
      return scanSlice(scene, protocol, kernel, stack.drawn[k]!, matrix, random);
    };
    return phantomSeries({ modality: 'CT', description: kernel.description, fieldsAt, scanAt }, stack, lesions);
  });
}

function makeScene({ profile, seed, patient, study }: CtStudyOrder): CtScene {
  const body = new SeededRandom('ct body', seed, patient.id);
  const chest = makeChest(body, patient.sex, patient.ageYears);
  const clutter = makeClutter(body, chest, profile.clutter);
  // Drawn for everybody, so that a patient without lesions differs in nothing else.
  const count = body.integer(2, 3);
  const lesions: Lesion[] = [];
  for (let i = 0; i < count; i++) {
    const radius = body.uniform(6, 13);
    // Heights are even over the scanned range and a radius more at each end, so that a slice's height tells nothing.
    const reach = (profile.protocol.slices * profile.protocol.spacingMm) / 2 + radius;
    const center = placeInLung(body, chest, 0.7 * radius, [2 - reach, 2 + reach]);
    const growth = body.uniform(0.85, 1.35);
    lesions.push(makeLesion(body, center, radius, study === 0 ? 1 : growth));
  }
  return { chest, clutter, lesions: patient.hasLesions ? lesions : [] };
}

/** All of a slice but its pixels. */
function sliceFieldsOf(order: CtStudyOrder, stack: Stack, kernel: CtKernel, index: number): SeriesMaker['fieldsAt'] {
  const { profile, matrix = profile.protocol.matrix } = order;
  const { stored, window } = profile.protocol;
  const name = studyName('ct', order);
  const study = studyFacts('ct', 'CT chest', order);
  const seriesName = `${name} series ${index}`;
  return (k) => ({
    sopClassUid: CT_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(`${seriesName} slice ${k}`),
    study,
    equipment: equipmentOf(profile),
    series: {
      seriesInstanceUid: uidFromName(seriesName),
      seriesNumber: index + 2,
      seriesDescription: `Chest ${profile.protocol.thicknessMm} mm ${kernel.description}`,
      frameOfReferenceUid: uidFromName(`${name} frame of reference`),
      bodyPartExamined: 'CHEST',
      protocolName: profile.protocol.agentHu > 0 ? 'Chest with contrast' : 'Chest routine',
      patientPosition: 'HFS',
    },
    instanceNumber: k + 1,
    plane: stack.scanned[k]!,
    rows: matrix,
    columns: matrix,
    bitsStored: stored.bits,
    isSigned: stored.isSigned,
    rescale: { slope: stored.slope, intercept: stored.intercept },
    window,
    ...(stored.padding === undefined ? {} : { paddingValue: stored.padding }),
    acquisition: acquisitionOf(profile.protocol, kernel),
  });
}

function equipmentOf({ manufacturer, model, institutionName }: CtSiteProfile): EquipmentFacts {
  return { manufacturer, model, institutionName, deviceSerialNumber: 'PHANTOM-CT', softwareVersions: '1.0' };
}

function acquisitionOf(protocol: CtProtocol, kernel: CtKernel): DataSet {
  const { tubeCurrentMa, exposureTimeMs } = protocol;
  return {
    ScanOptions: 'HELICAL MODE',
    KVP: protocol.kvp,
    XRayTubeCurrent: tubeCurrentMa,
    ExposureTime: exposureTimeMs,
    Exposure: Math.round((tubeCurrentMa * exposureTimeMs) / 1000),
    ConvolutionKernel: kernel.name,
    ReconstructionDiameter: protocol.fieldOfViewMm,
    GantryDetectorTilt: 0,
    RotationDirection: 'CW',
    ContrastBolusAgent: protocol.agent,
  };
}
