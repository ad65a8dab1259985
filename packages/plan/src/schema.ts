import { z } from 'zod';
import { preprocessingSchema } from './preprocessing-schema.js';
import { selectionSchema } from './selection.js';

/**
 * Grows when a default changes or a word would mean something else; an old plan hashes and means the same for ever. A new word
 * is a key that may be absent, or a value beside those there are: plans without it keep their bytes, and a site that does not
 * know it refuses the plan.
 */
export const VOCABULARY_VERSION = 2;

/**
 * Honest sites of 15 to 336 films were seen to send up to 2.21 times the (lower) median of four, 1.14 times where all have as many;
 * of two with 83 and 397 films the larger sent 1.8 to 3.1 times the norm of the smaller.
 */
const CLIP_TO_MEDIAN_NORM = 3;

const positive = z.number().positive();
const count = z.int().positive();
const fraction = z.number().min(0).max(1);
const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens')
  .max(64);
/** Plain prose: a person reads it in a terminal, so no control characters but line ends, and nothing that turns its direction. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .regex(/^(?:[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]|\n)*$/u, 'plain text, without control characters');
/** Names of outputs; two with one name would be one column of every table. */
const names = z.array(name).refine((list) => new Set(list).size === list.length, 'each name may occur only once');

const augmentation = z
  .strictObject({
    flip: z.enum(['none', 'horizontal', 'both']).default('none'),
    /** Random shift by up to so many pixels in each direction; what comes in at the edge is zero. */
    shiftPixels: z.int().min(0).max(64).default(0),
    /** Random factor 1 - x to 1 + x on the picture, and random offset of -x to x. */
    intensityJitter: fraction.default(0),
  })
  .default({ flip: 'none', shiftPixels: 0, intensityJitter: 0 });

const normalisation = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('group'), groups: count.max(64).default(8) }),
    z.strictObject({ kind: z.literal('batch') }),
  ])
  .default({ kind: 'group', groups: 8 });

const model = z.discriminatedUnion('family', [
  z.strictObject({
    family: z.literal('unet'),
    depth: z.int().min(1).max(6).default(4),
    baseFilters: z.int().min(4).max(128).default(16),
    normalisation,
  }),
  z.strictObject({
    family: z.literal('resnet'),
    layers: z.literal([18, 34]).default(18),
    baseWidth: z.int().min(4).max(128).default(32),
    normalisation,
  }),
]);

const optimizer = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sgd'), learningRate: positive }),
    z.strictObject({ kind: z.literal('momentum'), learningRate: positive, momentum: fraction.default(0.9) }),
    z.strictObject({
      kind: z.literal('adam'),
      learningRate: positive,
      beta1: fraction.default(0.9),
      beta2: fraction.default(0.999),
      epsilon: positive.default(1e-7),
    }),
    z.strictObject({
      kind: z.literal('adamw'),
      learningRate: positive,
      beta1: fraction.default(0.9),
      beta2: fraction.default(0.999),
      epsilon: positive.default(1e-7),
      weightDecay: z.number().min(0).default(0.01),
    }),
  ])
  .default({ kind: 'adam', learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });

const training = z.strictObject({
  /** Passes over the local training data in each round. */
  epochsPerRound: count.max(100).default(1),
  batchSize: count.max(256).default(8),
  optimizer,
  /** Factor on the learning rate after each closed round: learningRate * decay^(closed rounds before). */
  learningRateDecay: positive.max(1).default(1),
  /** Largest L2 norm of the gradient of one step; larger ones are scaled down. 0 means no limit. */
  clipGradientNorm: z.number().min(0).default(1),
  /** Whether the optimizer's moments live on from round to round at the site. */
  keepOptimizerState: z.literal(false).default(false),
});

const segmentationTask = z.strictObject({
  kind: z.literal('segmentation'),
  /** Names of the structures; one output each. The mask's non-zero pixels are the first structure. */
  structures: names.length(1),
  loss: z
    .strictObject({
      kind: z.literal('cross-entropy-and-dice'),
      /** Share of the soft Dice in the sum; the rest is cross-entropy. */
      diceShare: fraction.default(0.5),
    })
    .default({ kind: 'cross-entropy-and-dice', diceShare: 0.5 }),
});

const classificationTask = z.strictObject({
  kind: z.literal('classification'),
  /** Names of the classes as in the label table; one output each. The last one is the finding. */
  classes: names.min(2).max(16),
  loss: z
    .strictObject({
      kind: z.literal('cross-entropy'),
      /** balanced: a class weighs 1 / its frequency among the site's training examples. */
      classWeights: z.enum(['none', 'balanced']).default('balanced'),
    })
    .default({ kind: 'cross-entropy', classWeights: 'balanced' }),
});

/** A plan as a researcher writes it; every `default` is written out in the resolved plan. */
export const planSchema = z
  .strictObject({
    vocabularyVersion: z.literal(VOCABULARY_VERSION).default(VOCABULARY_VERSION),
    name,
    purpose: text,
    intendedUse: text,
    task: z.discriminatedUnion('kind', [segmentationTask, classificationTask]),
    data: z.strictObject({
      /** Logical dataset; the site binds one of its own to it. */
      dataset: name,
      modality: z.enum(['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT', 'OP']),
      /** Fewest training examples with which a site may take part. */
      minimumTrainingExamples: count.default(1),
      /** All of the dataset where it is not named. */
      select: selectionSchema.optional(),
    }),
    preprocessing: preprocessingSchema,
    augmentation,
    model,
    training,
    rounds: z.strictObject({
      count: count.max(1000),
      /** Fewest sites whose updates close a round. */
      quorum: count.default(1),
      /**
       * Largest share of a round's sum that one site may have; the others share the rest by their examples. Where fewer sites
       * than 1 / maximumShare delivered, all weigh the same. 1 means no limit.
       */
      maximumShare: positive.max(1).default(0.5),
      /** Longest time from the start of training to the close of submissions. */
      deadlineSeconds: positive.max(30 * 86_400).default(3600),
      /** Longest time for the answers to the invitation, and for each evaluation of a site. */
      answerSeconds: positive.max(30 * 86_400).default(3600),
    }),
    strategy: z.discriminatedUnion('name', [
      z.strictObject({ name: z.literal('fedavg') }),
      /** Nothing is averaged: each site goes on from its own model. The baseline. */
      z.strictObject({ name: z.literal('local') }),
    ]),
    protection: z
      .strictObject({
        /**
         * A delta longer than so many times the median norm of its round is shortened to it when the sites' deltas are summed.
         * 0 means never.
         */
        clipToMedianNorm: z
          .number()
          .refine((times) => times === 0 || times >= 1, 'must be at least 1, or 0 for no clipping')
          .default(CLIP_TO_MEDIAN_NORM),
        /** Largest L2 norm of a delta that a site may send, where one is wanted; the site itself refuses a larger one. */
        maximumDeltaNorm: positive.optional(),
      })
      .default({ clipToMedianNorm: CLIP_TO_MEDIAN_NORM }),
    validation: z
      .strictObject({
        /** Bins that scores are counted in; 101 or fewer are safe without secure aggregation. */
        scoreBins: z.int().min(11).max(1001).default(101),
      })
      .default({ scoreBins: 101 }),
    /**
     * deterministic: same seed, same bytes. fast: may differ in the last bits between processors. A back end is only named
     * where no other will do: a site that lacks it takes no part.
     */
    engine: z
      .strictObject({
        mode: z.enum(['deterministic', 'fast']).default('deterministic'),
        backEnd: z.enum(['wasm', 'tensorflow', 'webgpu']).optional(),
      })
      .default({ mode: 'deterministic' }),
    /** Seed of initial weights, shuffling and augmentation. */
    seed: z.int().min(0).max(0xffff_ffff),
  })
  .superRefine((plan, context) => {
    const wanted = plan.task.kind === 'segmentation' ? 'unet' : 'resnet';
    if (plan.model.family !== wanted)
      context.addIssue({
        code: 'custom',
        path: ['model', 'family'],
        message: `a ${plan.task.kind} needs the family ${wanted}`,
      });
    if (plan.model.family === 'unet') {
      const step = 2 ** plan.model.depth;
      for (const side of ['height', 'width'] as const)
        if (plan.preprocessing[side] % step !== 0)
          context.addIssue({
            code: 'custom',
            path: ['preprocessing', side],
            message: `must be a multiple of ${step}, because the model halves it ${plan.model.depth} times`,
          });
    }
    const { intensity, contrast } = plan.preprocessing;
    if (intensity.kind === 'window' && intensity.preset !== undefined && plan.data.modality !== 'CT')
      context.addIssue({
        code: 'custom',
        path: ['preprocessing', 'intensity', 'preset'],
        message: 'is in Hounsfield units, which only CT has; name a centre and a width',
      });
    if (contrast !== undefined && intensity.kind === 'z-score')
      context.addIssue({
        code: 'custom',
        path: ['preprocessing', 'contrast'],
        message: 'needs grey values from 0 to 1, which z-score does not give',
      });
    const base = plan.model.family === 'unet' ? plan.model.baseFilters : plan.model.baseWidth;
    if (plan.model.normalisation.kind === 'group' && base % Math.min(plan.model.normalisation.groups, base) !== 0)
      context.addIssue({
        code: 'custom',
        path: ['model', 'normalisation', 'groups'],
        message: `must divide the base number of channels, ${base}`,
      });
  });

/** What a researcher writes: defaults may be left out. */
export type PlanInput = z.input<typeof planSchema>;
/** The resolved plan: every default written out. Its canonical JSON is what is hashed, consented to and run. */
export type Plan = z.output<typeof planSchema>;
