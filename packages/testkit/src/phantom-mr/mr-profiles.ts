import { ConsiliumError } from '@consilium/errors';
import type { SpinEcho } from './tissues.js';

export interface MrSequence extends Omit<SpinEcho, 'fieldTesla'> {
  readonly name: 'T1' | 'T2' | 'FLAIR';
  readonly description: string;
  /** Echoes a repetition; 1 for a plain spin echo. */
  readonly echoTrain: number;
}

export interface MrProtocol {
  readonly fieldTesla: 1.5 | 3;
  /** One series a sequence. */
  readonly sequences: readonly MrSequence[];
  readonly matrix: number;
  readonly fieldOfViewMm: number;
  readonly thicknessMm: number;
  readonly spacingMm: number;
  readonly slices: number;
  /** How far the coil's sensitivity departs from even. */
  readonly bias: number;
  /** Standard deviation of the noise in each of the two channels, as a share of white matter's signal. */
  readonly noise: number;
  /** A faint copy along the phase direction where the patient moved. */
  readonly ghost: number;
  /** Standard deviation of the blur along each side of a pixel. */
  readonly blurMm: number;
  /** The stored value of white matter: vendors scale as they like, and each series by its own gain. */
  readonly whiteValue: number;
  readonly gainSpread: number;
  readonly bitsStored: 12 | 16;
  /** Spread of the tilt between the slices and the patient's own axes. */
  readonly tiltDegrees: number;
}

export interface MrSiteProfile {
  readonly institutionName: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly protocol: MrProtocol;
  /** Spots and fluid-filled spaces in each patient's brain. */
  readonly clutter: number;
  readonly femaleShare: number;
  readonly ageYears: { readonly mean: number; readonly standardDeviation: number };
  readonly patients: number;
}

const flair = (repetitionTimeMs: number, echoTimeMs: number, inversionTimeMs: number): MrSequence => ({
  name: 'FLAIR',
  description: 'AX T2 FLAIR',
  repetitionTimeMs,
  echoTimeMs,
  inversionTimeMs,
  echoTrain: 16,
});
const t2 = (repetitionTimeMs: number, echoTimeMs: number): MrSequence => ({
  name: 'T2',
  description: 'AX T2 TSE',
  repetitionTimeMs,
  echoTimeMs,
  echoTrain: 15,
});
const t1 = (repetitionTimeMs: number, echoTimeMs: number): MrSequence => ({
  name: 'T1',
  description: 'AX T1 SE',
  repetitionTimeMs,
  echoTimeMs,
  echoTrain: 1,
});

/** Invented hospitals with invented magnets: field, times, resolution, evenness, noise and scale differ. */
export const MR_SITE_PROFILES: readonly MrSiteProfile[] = [
  {
    institutionName: 'Northfield General',
    manufacturer: 'Aurelia Imaging',
    model: 'Lyra 3T',
    protocol: {
      fieldTesla: 3,
      sequences: [flair(9000, 90, 2500), t2(5000, 95)],
      matrix: 256,
      fieldOfViewMm: 230,
      thicknessMm: 4,
      spacingMm: 4.4,
      slices: 18,
      bias: 0.32,
      noise: 0.035,
      ghost: 0,
      blurMm: 0.4,
      whiteValue: 520,
      gainSpread: 0.15,
      bitsStored: 12,
      tiltDegrees: 4,
    },
    clutter: 3,
    femaleShare: 0.55,
    ageYears: { mean: 52, standardDeviation: 14 },
    patients: 20,
  },
  {
    institutionName: 'Harbour Clinic',
    manufacturer: 'Borealis Medical',
    model: 'Open Field 15',
    protocol: {
      fieldTesla: 1.5,
      sequences: [flair(8000, 110, 2250), t1(500, 14)],
      matrix: 192,
      fieldOfViewMm: 250,
      thicknessMm: 6,
      spacingMm: 7,
      slices: 12,
      bias: 0.14,
      noise: 0.075,
      ghost: 0.02,
      blurMm: 0.8,
      whiteValue: 190,
      gainSpread: 0.25,
      bitsStored: 12,
      tiltDegrees: 9,
    },
    clutter: 5,
    femaleShare: 0.48,
    ageYears: { mean: 63, standardDeviation: 12 },
    patients: 18,
  },
  {
    institutionName: 'Lakeside Children and Women',
    manufacturer: 'Cygnus Radiography',
    model: 'Swan MR 1.5',
    protocol: {
      fieldTesla: 1.5,
      sequences: [flair(8800, 125, 2300), t2(4000, 105), t1(450, 10)],
      matrix: 256,
      fieldOfViewMm: 220,
      thicknessMm: 5,
      spacingMm: 5.5,
      slices: 15,
      bias: 0.2,
      noise: 0.05,
      ghost: 0,
      blurMm: 0.5,
      whiteValue: 9500,
      gainSpread: 0.2,
      bitsStored: 16,
      tiltDegrees: 6,
    },
    clutter: 1,
    femaleShare: 0.74,
    ageYears: { mean: 37, standardDeviation: 11 },
    patients: 16,
  },
  {
    institutionName: 'Eastgate University Hospital',
    manufacturer: 'Dorado Systems',
    model: 'Maximum 30',
    protocol: {
      fieldTesla: 3,
      sequences: [flair(11000, 125, 2800)],
      matrix: 320,
      fieldOfViewMm: 240,
      thicknessMm: 3,
      spacingMm: 4.5,
      slices: 18,
      bias: 0.42,
      noise: 0.06,
      ghost: 0.035,
      blurMm: 0.35,
      whiteValue: 1400,
      gainSpread: 0.3,
      bitsStored: 12,
      tiltDegrees: 8,
    },
    clutter: 6,
    femaleShare: 0.5,
    ageYears: { mean: 69, standardDeviation: 9 },
    patients: 20,
  },
];

/** The profile of the site with this index; beyond the list they come round again. */
export function mrSiteProfile(index: number): MrSiteProfile {
  const profile = MR_SITE_PROFILES[index % MR_SITE_PROFILES.length];
  if (profile === undefined) throw new ConsiliumError('CONFIG_INVALID', { siteIndex: index });
  return profile;
}
