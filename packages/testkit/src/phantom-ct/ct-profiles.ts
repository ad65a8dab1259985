import { ConsiliumError } from '@consilium/errors';

/** How a scanner turns projections into a picture: what vendors call a kernel or a filter. */
export interface CtKernel {
  readonly name: string;
  readonly description: string;
  readonly blurMm: number;
  readonly grainMm: number;
  /** Above 0 edges are lifted. */
  readonly sharpening: number;
  /** Factor on the noise. */
  readonly noise: number;
}

export interface CtProtocol {
  readonly kvp: number;
  readonly tubeCurrentMa: number;
  readonly exposureTimeMs: number;
  /** Hounsfield units that a contrast agent adds to blood at 120 kV; 0 without one. */
  readonly agentHu: number;
  readonly agent?: string;
  readonly matrix: number;
  readonly fieldOfViewMm: number;
  readonly thicknessMm: number;
  /** From slice to slice; below the thickness they overlap. */
  readonly spacingMm: number;
  readonly slices: number;
  /** Whether the first slice is the lowest. */
  readonly isUpwards: boolean;
  /** One series a kernel. */
  readonly kernels: readonly CtKernel[];
  readonly couchCurveMm: number;
  readonly couchHu: number;
  readonly stored: {
    readonly bits: 12 | 16;
    readonly isSigned: boolean;
    readonly slope: number;
    readonly intercept: number;
    /** Stored value outside the round field, if the vendor has one. */
    readonly padding?: number;
  };
  readonly window: { readonly center: number; readonly width: number };
}

export interface CtSiteProfile {
  readonly institutionName: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly protocol: CtProtocol;
  /** Granulomas and hazes in each patient's lungs. */
  readonly clutter: number;
  readonly femaleShare: number;
  readonly ageYears: { readonly mean: number; readonly standardDeviation: number };
  readonly patients: number;
}

const SOFT: CtKernel = { name: 'S30', description: 'soft', blurMm: 0.75, grainMm: 0.8, sharpening: 0, noise: 1 };
const SMOOTH: CtKernel = {
  name: 'FC08',
  description: 'smooth',
  blurMm: 1.05,
  grainMm: 1.15,
  sharpening: 0,
  noise: 0.75,
};
const STANDARD: CtKernel = {
  name: 'STD',
  description: 'standard',
  blurMm: 0.65,
  grainMm: 0.6,
  sharpening: 0.25,
  noise: 1.1,
};
const LUNG: CtKernel = { name: 'L70', description: 'lung', blurMm: 0.4, grainMm: 0.3, sharpening: 1.1, noise: 1.9 };

/** Invented hospitals with invented scanners: dose, slices, kernels and the way that values are stored differ. */
export const CT_SITE_PROFILES: readonly CtSiteProfile[] = [
  {
    institutionName: 'Northfield General',
    manufacturer: 'Aurelia Imaging',
    model: 'Ring 64',
    protocol: {
      kvp: 120,
      tubeCurrentMa: 220,
      exposureTimeMs: 500,
      agentHu: 0,
      matrix: 256,
      fieldOfViewMm: 400,
      thicknessMm: 5,
      spacingMm: 5,
      slices: 20,
      isUpwards: false,
      kernels: [SOFT],
      couchCurveMm: 26,
      couchHu: -180,
      stored: { bits: 12, isSigned: false, slope: 1, intercept: -1024 },
      window: { center: 40, width: 400 },
    },
    clutter: 1,
    femaleShare: 0.5,
    ageYears: { mean: 61, standardDeviation: 13 },
    patients: 24,
  },
  {
    institutionName: 'Harbour Clinic',
    manufacturer: 'Borealis Medical',
    model: 'Helix Sixteen',
    protocol: {
      kvp: 130,
      tubeCurrentMa: 90,
      exposureTimeMs: 800,
      agentHu: 0,
      matrix: 256,
      fieldOfViewMm: 430,
      thicknessMm: 7,
      spacingMm: 6,
      slices: 16,
      isUpwards: true,
      kernels: [SMOOTH],
      couchCurveMm: 0,
      couchHu: -60,
      stored: { bits: 16, isSigned: true, slope: 1, intercept: -1024, padding: -2000 },
      window: { center: 50, width: 350 },
    },
    clutter: 2,
    femaleShare: 0.42,
    ageYears: { mean: 55, standardDeviation: 16 },
    patients: 18,
  },
  {
    institutionName: 'Lakeside Children and Women',
    manufacturer: 'Cygnus Radiography',
    model: 'Swan CT 128',
    protocol: {
      kvp: 100,
      tubeCurrentMa: 140,
      exposureTimeMs: 350,
      agentHu: 130,
      agent: 'Iodine contrast',
      matrix: 256,
      fieldOfViewMm: 360,
      thicknessMm: 3,
      spacingMm: 4,
      slices: 24,
      isUpwards: false,
      kernels: [STANDARD, LUNG],
      couchCurveMm: 34,
      couchHu: -140,
      stored: { bits: 12, isSigned: false, slope: 1, intercept: -1000 },
      window: { center: -600, width: 1500 },
    },
    clutter: 1,
    femaleShare: 0.72,
    ageYears: { mean: 41, standardDeviation: 12 },
    patients: 16,
  },
  {
    institutionName: 'Eastgate University Hospital',
    manufacturer: 'Dorado Systems',
    model: 'Volume 320',
    protocol: {
      kvp: 120,
      tubeCurrentMa: 60,
      exposureTimeMs: 350,
      agentHu: 0,
      matrix: 256,
      fieldOfViewMm: 380,
      thicknessMm: 4,
      spacingMm: 5,
      slices: 20,
      isUpwards: true,
      kernels: [LUNG],
      couchCurveMm: 18,
      couchHu: -220,
      stored: { bits: 16, isSigned: true, slope: 1, intercept: 0 },
      window: { center: -500, width: 1600 },
    },
    clutter: 3,
    femaleShare: 0.47,
    ageYears: { mean: 67, standardDeviation: 10 },
    patients: 22,
  },
];

/** The profile of the site with this index; beyond the list they come round again. */
export function ctSiteProfile(index: number): CtSiteProfile {
  const profile = CT_SITE_PROFILES[index % CT_SITE_PROFILES.length];
  if (profile === undefined) throw new ConsiliumError('CONFIG_INVALID', { siteIndex: index });
  return profile;
}
