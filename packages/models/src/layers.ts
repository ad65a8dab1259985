import { ConsiliumError } from '@consilium/errors';
import type { Layer } from './layer.js';
import type { ModelPorts, ModelSpec } from './model.js';
import { resnetLayers } from './resnet.js';
import { unetLayers } from './unet.js';

/** The layers of a model. Errors  MODEL_SPEC_INVALID. */
export function layersOf(spec: ModelSpec, ports: ModelPorts): Layer[] {
  requireCounts({ ...ports });
  switch (spec.family) {
    case 'unet':
      requireCounts({ depth: spec.depth, baseFilters: spec.baseFilters });
      return unetLayers(spec, ports);
    case 'resnet':
      requireCounts({ baseWidth: spec.baseWidth });
      return resnetLayers(spec, ports);
  }
}

function requireCounts(counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ConsiliumError('MODEL_SPEC_INVALID', { reason: 'not a positive integer', [name]: value });
}
