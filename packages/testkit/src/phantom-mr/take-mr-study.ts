import { type DataSet, type EquipmentFacts, MR_IMAGE_STORAGE, uidFromName } from '@consilium/dicom';
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
import { waveNoise } from '../phantom-volume/wave-noise.js';
import { SeededRandom } from '../seeded-random.js';
import { makeClutter, placeInBrain } from './draw-head.js';
import { brainDepth, type Head, makeHead } from './head.js';
import type { MrProtocol, MrSequence, MrSiteProfile } from './mr-profiles.js';
import { type MrScene, type MrSeries, scanSlice } from './scan-slice.js';
import { signalOf } from './tissues.js';

export interface MrStudyOrder extends VolumeStudyOrder {
  readonly profile: MrSiteProfile;
}

/** Height of the middle of the scanned range: low slices would show the face. */
const MIDDLE_MM = 12;

/** One series for each of the protocol's sequences, of the same planes. */
export function takeMrStudy(order: MrStudyOrder): PhantomSeries[] {
  const { profile, seed, patient, study } = order;
  const { protocol } = profile;
  const matrix = order.matrix ?? protocol.matrix;
  const pose = new SeededRandom('mr pose', seed, patient.id, study);
  const stack = stackPlanes({
    ...protocol,
    matrix,
    center: [pose.normal(0, 4), pose.normal(0, 4), MIDDLE_MM + pose.normal(0, 3)],
    tiltRadians: (pose.normal(0, protocol.tiltDegrees) * Math.PI) / 180,
    yawRadians: (pose.normal(0, 2.5) * Math.PI) / 180,
    isUpwards: true,
    tableMm: [pose.uniform(-5, 5), pose.uniform(-25, 25), pose.uniform(-40, 40)],
  });
  const scene = makeScene(order);
  const lesions = seenLesions('lesion', scene.lesions, stack, matrix);
  return protocol.sequences.map((sequence, index) => {
    const fieldsAt = sliceFieldsOf(order, stack, sequence, index);
    const settings = seriesSettings(order, sequence, index);
    const scanAt = (k: number) => {
      const random = new SeededRandom('mr noise', seed, patient.id, study, index, k);
      return scanSlice(scene, protocol, settings, stack.drawn[k]!, matrix, random);
    };
    return phantomSeries({ modality: 'MR', description: sequence.name, fieldsAt, scanAt }, stack, lesions);
  });
}

function makeScene({ profile, seed, patient, study }: MrStudyOrder): MrScene {
  const body = new SeededRandom('mr body', seed, patient.id);
  const head = makeHead(body, patient.sex, patient.ageYears);
  const clutter = makeClutter(body, head, profile.clutter);
  // Drawn for everybody, so that a patient without lesions differs in nothing else.
  const count = body.integer(2, 3);
  const lesions: Lesion[] = [];
  for (let i = 0; i < count; i++) {
    const radius = body.uniform(4.5, 10);
    const reach = (profile.protocol.slices * profile.protocol.spacingMm) / 2 + radius;
    const center = placeInBrain(body, head, 0.9 * radius, [MIDDLE_MM - reach, MIDDLE_MM + reach]);
    const growth = body.uniform(0.75, 1.3);
    lesions.push(insideBrain(head, makeLesion(body, center, radius, study === 0 ? 1 : growth)));
  }
  return { head, clutter, lesions: patient.hasLesions ? lesions : [] };
}

/** Ends where the brain or a ventricle does, so that the mask is what can be seen. */
function insideBrain(head: Head, lesion: Lesion): Lesion {
  const { solid } = lesion;
  const depthAt = (x: number, y: number, z: number) => {
    const depth = solid.depthAt(x, y, z);
    if (depth < -2) return depth;
    const toVentricle = Math.min(...head.ventricles.map((part) => -part.depthAt(x, y, z)));
    return Math.min(depth, brainDepth(head, x, y, z) - 1, toVentricle);
  };
  return { ...lesion, solid: { ...solid, depthAt } };
}

/** Gain and sensitivity: each series has its own, as the scanner's adjustment does. */
function seriesSettings(
  { profile, seed, patient, study }: MrStudyOrder,
  sequence: MrSequence,
  index: number,
): MrSeries {
  const { fieldTesla, whiteValue, gainSpread } = profile.protocol;
  const random = new SeededRandom('mr series', seed, patient.id, study, index);
  const white = signalOf('white', { ...sequence, fieldTesla });
  const gain = (whiteValue / white) * Math.exp(random.normal(0, gainSpread));
  return { sequence, gain, sensitivity: waveNoise(random, 280, 5) };
}

/** All of a slice but its pixels. */
function sliceFieldsOf(
  order: MrStudyOrder,
  stack: Stack,
  sequence: MrSequence,
  index: number,
): SeriesMaker['fieldsAt'] {
  const { profile, matrix = profile.protocol.matrix } = order;
  const { protocol } = profile;
  const name = studyName('mr', order);
  const study = studyFacts('mr', 'MR head', order);
  const seriesName = `${name} series ${index}`;
  return (k) => ({
    sopClassUid: MR_IMAGE_STORAGE,
    sopInstanceUid: uidFromName(`${seriesName} slice ${k}`),
    study,
    equipment: equipmentOf(profile),
    series: {
      seriesInstanceUid: uidFromName(seriesName),
      seriesNumber: index + 2,
      seriesDescription: sequence.description,
      frameOfReferenceUid: uidFromName(`${name} frame of reference`),
      bodyPartExamined: 'HEAD',
      protocolName: 'Head routine',
      patientPosition: 'HFS',
    },
    instanceNumber: k + 1,
    plane: stack.scanned[k]!,
    rows: matrix,
    columns: matrix,
    bitsStored: protocol.bitsStored,
    isSigned: false,
    window: { center: protocol.whiteValue, width: 2 * protocol.whiteValue },
    acquisition: acquisitionOf(protocol, sequence),
  });
}

function equipmentOf({ manufacturer, model, institutionName }: MrSiteProfile): EquipmentFacts {
  return { manufacturer, model, institutionName, deviceSerialNumber: 'PHANTOM-MR', softwareVersions: '1.0' };
}

function acquisitionOf(protocol: MrProtocol, sequence: MrSequence): DataSet {
  return {
    ScanningSequence: sequence.inversionTimeMs === undefined ? 'SE' : ['SE', 'IR'],
    SequenceVariant: 'SK',
    ScanOptions: '',
    MRAcquisitionType: '2D',
    RepetitionTime: sequence.repetitionTimeMs,
    EchoTime: sequence.echoTimeMs,
    InversionTime: sequence.inversionTimeMs,
    EchoTrainLength: sequence.echoTrain,
    EchoNumbers: 1,
    NumberOfAverages: 1,
    FlipAngle: 90,
    MagneticFieldStrength: protocol.fieldTesla,
    ImagingFrequency: Number((42.577 * protocol.fieldTesla).toFixed(3)),
    ImagedNucleus: '1H',
    SpacingBetweenSlices: protocol.spacingMm,
  };
}
