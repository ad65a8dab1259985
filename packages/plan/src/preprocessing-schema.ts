import { z } from 'zod';
import { WINDOW_PRESETS, type WindowPreset } from './window-presets.js';

const positive = z.number().positive();
const count = z.int().positive();
const PRESET_NAMES = Object.keys(WINDOW_PRESETS) as [WindowPreset, ...WindowPreset[]];

/** A preset's numbers are written out, so that no table decides what a resolved plan means; its name stays, for who reads it. */
const window = z
  .strictObject({
    kind: z.literal('window'),
    preset: z.enum(PRESET_NAMES).optional(),
    centre: z.number().optional(),
    width: positive.optional(),
  })
  .transform(
    ({ kind, preset, ...given }, context): { kind: 'window'; preset?: WindowPreset; centre: number; width: number } => {
      const known = preset === undefined ? undefined : WINDOW_PRESETS[preset];
      const resolve = (key: 'centre' | 'width') => {
        const value = given[key] ?? known?.[key];
        if (value === undefined)
          context.addIssue({
            code: 'custom',
            path: [key],
            message: 'is missing; a window has a preset, or a centre and a width',
          });
        else if (known && value !== known[key])
          context.addIssue({
            code: 'custom',
            path: [key],
            message: `must be ${known[key]}, or without the preset ${preset}`,
          });
        return value ?? 0;
      };
      const numbers = { centre: resolve('centre'), width: resolve('width') };
      return preset === undefined ? { kind, ...numbers } : { kind, preset, ...numbers };
    },
  );

const intensity = z
  .discriminatedUnion('kind', [
    /** Grey values between two percentiles of the picture become 0..1; the rest is cut. */
    z.strictObject({
      kind: z.literal('percentile'),
      low: z.number().min(0).max(50).default(1),
      high: z.number().min(50).max(100).default(99),
    }),
    /** The darkest value of the picture becomes 0, the brightest 1. */
    z.strictObject({ kind: z.literal('min-max') }),
    /** Mean 0 and standard deviation 1 of the picture, or of its foreground. */
    z.strictObject({ kind: z.literal('z-score'), over: z.literal('foreground').optional() }),
    /** Modality values from centre - width/2 to centre + width/2 become 0..1. */
    window,
  ])
  .default({ kind: 'percentile', low: 1, high: 99 });

const denoise = z.discriminatedUnion('kind', [
  /** The median of the square of 2 x radius + 1 pixels around each pixel. */
  z.strictObject({ kind: z.literal('median'), radius: count.max(3).default(1) }),
  z.strictObject({ kind: z.literal('gaussian'), sigmaPixels: positive.max(10).default(1) }),
]);

const contrast = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('equalise') }),
  z.strictObject({
    kind: z.literal('clahe'),
    /** Tiles each way, each with a histogram of its own. */
    tiles: z.int().min(1).max(32).default(8),
    /** Highest bar of a tile's histogram, as a multiple of the mean bar. */
    clipLimit: z.number().min(1).max(100).default(2),
  }),
]);

const crop = z.discriminatedUnion('kind', [
  /** A frame around the centre; what of it lies outside the picture is zero. */
  z.strictObject({ kind: z.literal('centre'), height: count.max(8192), width: count.max(8192) }),
  z.strictObject({ kind: z.literal('centre-mm'), heightMm: positive.max(2000), widthMm: positive.max(2000) }),
  /** The smallest box that holds the foreground's large regions, and so many pixels more on each side as the picture has. */
  z.strictObject({ kind: z.literal('foreground'), marginPixels: z.int().min(0).max(512).default(0) }),
]);

const millimetres = z.number().min(0.01).max(100);

/**
 * What is done to a picture before the model sees it, in this order: denoise, resample to spacingMm, intensity, contrast, crop,
 * fit to height and width. A step that the plan does not name is not done.
 */
export const preprocessingSchema = z.strictObject({
  /** Height and width in pixels of what the model sees. */
  height: count.max(1024),
  width: count.max(1024),
  /** What happens to a picture whose sides have another ratio. */
  fit: z.enum(['stretch', 'pad', 'crop']).default('pad'),
  intensity,
  denoise: denoise.optional(),
  /** Distance between the centres of neighbouring rows and of neighbouring columns. */
  spacingMm: z.strictObject({ row: millimetres, column: millimetres }).optional(),
  contrast: contrast.optional(),
  crop: crop.optional(),
});
