import { type Engine, startEngine, type Tensor, type Tensor4D, variableGradients } from '@consilium/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildModel, type ModelPorts, type ModelSpec } from './index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'wasm', threads: 1 });
});
afterAll(() => engine.stop());

const ports: ModelPorts = { height: 32, width: 32, channels: 1, outputs: 2 };
const group = { kind: 'group', groups: 2 } as const;
const batch = { kind: 'batch' } as const;

it.each<[string, ModelSpec]>([
  ['U-Net, group', { family: 'unet', depth: 2, baseFilters: 4, normalisation: group }],
  ['U-Net, batch', { family: 'unet', depth: 2, baseFilters: 4, normalisation: batch }],
  ['ResNet, group', { family: 'resnet', layers: 18, baseWidth: 4, normalisation: group }],
  ['ResNet, batch', { family: 'resnet', layers: 18, baseWidth: 4, normalisation: batch }],
])('recomputing gives the same bytes, and each running statistic once (%s normalisation)', (_, spec) => {
  const { tf } = engine;
  const model = buildModel(spec, ports);
  let at = 0;
  const values = model.initialise(new Uint8Array(8));
  const variables = model.layout.map(({ shape, trainable }) => {
    const size = shape.reduce((a, b) => a * b);
    at += size;
    return tf.tidy(() => tf.variable(tf.tensor(values.slice(at - size, at), [...shape]), trainable));
  });
  const trained = variables.filter((v) => v.trainable);
  const x = tf.randomNormal([2, 32, 32, 1], 0, 1, 'float32', 4) as Tensor4D;

  const derive = (recomputes: boolean) => {
    const before = tf.memory().numTensors;
    let statistics: ReadonlyMap<number, Tensor> = new Map();
    let kept = 0;
    const loss = () => {
      const start = tf.memory().numBytes;
      const result = model.forward(engine, variables, x, 'train', recomputes);
      kept = tf.memory().numBytes - start;
      statistics = result.statistics;
      return tf.sum(tf.square(result.logits)) as never;
    };
    const { value, gradients } = tf.tidy(() => ({ ...variableGradients(tf, loss, trained) }));
    const bytes = [...gradients, ...statistics.values()].map((t) => t.dataSync());
    tf.dispose([value, gradients, [...statistics.values()]]);
    expect(tf.memory().numTensors).toBe(before);
    return { bytes, kept };
  };
  const plain = derive(false);
  const recomputed = derive(true);
  expect(recomputed.bytes).toEqual(plain.bytes);
  expect(plain.bytes).toHaveLength(model.layout.length);
  expect(recomputed.kept).toBeLessThan(0.65 * plain.kept);
  tf.dispose([x, variables]);
});

it('inference holds little more than the widest layer', () => {
  const { tf } = engine;
  const spec: ModelSpec = { family: 'unet', depth: 1, baseFilters: 8, normalisation: group };
  const model = buildModel(spec, ports);
  const tensors = model.layout.map(({ shape }) => tf.randomNormal([...shape], 0, 0.1, 'float32', 1));
  const x = tf.zeros([1, 32, 32, 1]) as Tensor4D;
  const before = tf.memory().numTensors;
  const { logits } = model.forward(engine, tensors, x, 'infer');
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.dispose([logits, x, tensors]);
});
