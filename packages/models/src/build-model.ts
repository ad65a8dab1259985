import type { Tensor } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import type { Layout } from '@consilium/tensors';
import { initialChunks, initialValues } from './initialise.js';
import { layersOf } from './layers.js';
import type { Model, ModelPorts, ModelSpec } from './model.js';
import { type Parameter, parametersOf } from './parameters.js';
import { type Pass, runLayers } from './run-layers.js';

/**
 * Builds a model from its description; nothing is computed yet, and no back end is needed until `forward`.
 *
 * Shapes   the layout is documented in the README of this package; the names of its entries are stable.
 * Errors   MODEL_SPEC_INVALID.
 */
export function buildModel(spec: ModelSpec, ports: ModelPorts): Model {
  const layers = layersOf(spec, ports);
  const parameters = parametersOf(layers);
  const indices = new Map(parameters.map((p, index) => [p.name, index]));
  return {
    spec,
    ports,
    layout: layoutOf(parameters),
    initialise: (seed) => initialValues(parameters, seed),
    initialChunks: (seed, length) => initialChunks(parameters, seed, length),
    forward: (engine, tensors, x, mode, recomputes = false) => {
      if (tensors.length !== parameters.length)
        throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected: parameters.length, got: tensors.length });
      const statistics = new Map<number, Tensor>();
      const pass: Pass = {
        engine,
        mode,
        recomputes,
        parameter: (name) => tensors[indices.get(name)!]!,
        setStatistic: (name, value) => statistics.set(indices.get(name)!, engine.tf.keep(value)),
      };
      try {
        return { logits: runLayers(pass, layers, x), statistics };
      } catch (error) {
        engine.tf.dispose([...statistics.values()]);
        throw error;
      }
    },
  };
}

function layoutOf(parameters: readonly Parameter[]): Layout {
  return parameters.map(({ name, shape, role }) => ({
    name,
    shape,
    dtype: 'float32',
    role,
    trainable: role !== 'running-statistic',
    scope: 'shared',
  }));
}
