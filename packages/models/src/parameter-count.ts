import { ConsiliumError } from '@consilium/errors';
import { countOf } from './initialise.js';
import { layersOf } from './layers.js';
import type { ModelPorts, ModelSpec } from './model.js';
import { parametersOf } from './parameters.js';

/** Most parameters of a model where nobody has set another bound: 256 MB of weights. */
export const MAXIMUM_PARAMETERS = 64_000_000;

/** How many parameters a model has, from its description alone: no weight is made. Errors  MODEL_SPEC_INVALID. */
export function parameterCount(spec: ModelSpec, ports: ModelPorts): number {
  return countOf(parametersOf(layersOf(spec, ports)));
}

/** Errors  MODEL_TOO_LARGE (detail: the number and the bound); MODEL_SPEC_INVALID. */
export function requireFewParameters(spec: ModelSpec, ports: ModelPorts, most: number): void {
  const parameters = parameterCount(spec, ports);
  if (parameters > most) throw new ConsiliumError('MODEL_TOO_LARGE', { parameters, most });
}
