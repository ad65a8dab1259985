/**
 * How hard the two phantom tasks are. These are the only knobs: make a task harder by lowering `density` (contrast of the
 * finding against the lung, in units of soft tissue) or by raising `densitySpread` or `distractors`.
 */
export interface Difficulty {
  /** Fewest and most findings in a film. */
  readonly findings: readonly [number, number];
  /** Radius of a finding in patient coordinates (the lung's width is about 0.57). */
  readonly radius: readonly [number, number];
  /** Mean density that a finding adds over its outline. */
  readonly density: number;
  /** Each finding's density is the mean times a factor from 1 - spread to 1 + spread. */
  readonly densitySpread: number;
  /** Factor on each site's own clutter (`SiteProfile.clutter`). */
  readonly distractors: number;
}

/** Class `cavity`: a finding with a hollow of this depth (1 = as clear as the lung) and of this share of its radius. */
export interface ClassificationDifficulty extends Difficulty {
  readonly hollowDepth: number;
  readonly hollowRadius: number;
}

export const CLASSIFICATION_DIFFICULTY: ClassificationDifficulty = {
  findings: [2, 3],
  radius: [0.15, 0.22],
  density: 0.18,
  densitySpread: 0.35,
  distractors: 1,
  hollowDepth: 0.9,
  hollowRadius: 0.62,
};

/** Masses to outline. */
export const SEGMENTATION_DIFFICULTY: Difficulty = {
  findings: [1, 3],
  radius: [0.1, 0.19],
  density: 0.16,
  densitySpread: 0.35,
  distractors: 1,
};
