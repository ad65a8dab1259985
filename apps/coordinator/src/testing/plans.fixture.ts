import type { PlanInput } from '@consilium/plan';

/** A plan whose model is as small as can be; `changes` replace whole parts of it. */
export function tinyPlan(strategy: 'fedavg' | 'local', changes: Partial<PlanInput> = {}): PlanInput {
  return {
    name: 'tiny',
    purpose: 'Test the coordinator.',
    intendedUse: 'None.',
    task: { kind: 'classification', classes: ['without', 'with'] },
    data: { dataset: 'phantom', modality: 'CR' },
    preprocessing: { height: 16, width: 16 },
    model: { family: 'resnet', layers: 18, baseWidth: 4, normalisation: { kind: 'group', groups: 2 } },
    training: {},
    rounds: { count: 2, quorum: 2, deadlineSeconds: 60, answerSeconds: 60 },
    strategy: { name: strategy },
    validation: { scoreBins: 11 },
    seed: 41,
    ...changes,
  };
}
