import type { ModelPorts } from './model.js';

/** The parts of a resolved plan that fix what goes into a model and what comes out. */
export interface PortsOfPlan {
  readonly task:
    | { readonly kind: 'segmentation'; readonly structures: readonly string[] }
    | { readonly kind: 'classification'; readonly classes: readonly string[] };
  readonly preprocessing: { readonly height: number; readonly width: number };
}

/** The ports of a plan's model: one channel of grey values in, one logit for each structure or class out. */
export function modelPorts({ task, preprocessing }: PortsOfPlan): ModelPorts {
  const outputs = task.kind === 'segmentation' ? task.structures.length : task.classes.length;
  return { height: preprocessing.height, width: preprocessing.width, channels: 1, outputs };
}
