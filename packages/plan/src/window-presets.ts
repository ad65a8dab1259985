/**
 * CT windows that have a name. A plan's numbers are what is done; a name stands for the same numbers for ever.
 *
 * Units    Hounsfield units.
 * Source   Radiopaedia.org, "Windowing (CT)", rID-52108, typical values.
 */
export const WINDOW_PRESETS = {
  abdomen: { centre: 50, width: 400 },
  bone: { centre: 400, width: 1800 },
  brain: { centre: 40, width: 80 },
  liver: { centre: 30, width: 150 },
  lung: { centre: -600, width: 1500 },
  mediastinum: { centre: 50, width: 350 },
  spine: { centre: 50, width: 250 },
  stroke: { centre: 40, width: 40 },
  'temporal-bone': { centre: 600, width: 2800 },
} as const satisfies Record<string, { readonly centre: number; readonly width: number }>;

export type WindowPreset = keyof typeof WINDOW_PRESETS;
