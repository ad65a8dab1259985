import type { PlanInput } from './index.js';

/** A plan for CT slices with nothing in it that could be left out. */
export const NODULE_PLAN = {
  name: 'nodules',
  purpose: 'Outline nodules.',
  intendedUse: 'Research only.',
  task: { kind: 'segmentation', structures: ['nodule'] },
  data: { dataset: 'chest', modality: 'CT' },
  preprocessing: { height: 64, width: 96 },
  model: { family: 'unet' },
  training: {},
  rounds: { count: 3 },
  strategy: { name: 'fedavg' },
  seed: 7,
} satisfies PlanInput;
