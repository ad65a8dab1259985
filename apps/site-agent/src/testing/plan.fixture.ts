import { type Plan, planSchema } from '@consilium/plan';

/** The smallest U-Net plan that the cpu back end trains in a moment. */
export const SMALL_PLAN: Plan = planSchema.parse({
  name: 'small',
  purpose: 'test',
  intendedUse: 'test',
  task: { kind: 'segmentation', structures: ['disc'] },
  data: { dataset: 'films', modality: 'CR' },
  preprocessing: { height: 8, width: 8 },
  model: { family: 'unet', depth: 1, baseFilters: 4, normalisation: { kind: 'group', groups: 2 } },
  training: { epochsPerRound: 1, batchSize: 4 },
  rounds: { count: 2 },
  strategy: { name: 'fedavg' },
  seed: 7,
});
