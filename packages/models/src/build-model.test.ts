import type { Engine, Tensor, Tensor4D } from '@consilium/engine';
import { startEngine } from '@consilium/engine';
import { entryLength, layoutLength, requireValidLayout } from '@consilium/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildModel, deriveSeed, type Model, type ModelPorts, type ModelSpec } from './index.js';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine({ backEnd: 'cpu' });
});
afterAll(() => engine.stop());

const group = { kind: 'group', groups: 8 } as const;
const batch = { kind: 'batch' } as const;
const unet: ModelSpec = { family: 'unet', depth: 2, baseFilters: 4, normalisation: group };
const resnet: ModelSpec = { family: 'resnet', layers: 18, baseWidth: 4, normalisation: group };
const ports = (height: number, width: number, outputs: number): ModelPorts => ({ height, width, channels: 1, outputs });
const seed = deriveSeed(7, 0, '', 'initialise');

const trainable = (model: Model): number => layoutLength(model.layout.filter((e) => e.trainable)) as number;

function tensorsOf(model: Model, values: Float32Array): Tensor[] {
  let at = 0;
  return model.layout.map((entry) => {
    const length = entryLength(entry);
    const tensor = engine.tf.tensor(values.slice(at, at + length), [...entry.shape]);
    at += length;
    return tensor;
  });
}

it('has as many trainable values as the published networks', () => {
  const rgb = { height: 224, width: 224, channels: 3, outputs: 1000 };
  const at = (layers: 18 | 34) => buildModel({ family: 'resnet', layers, baseWidth: 64, normalisation: batch }, rgb);
  expect(trainable(at(18))).toBe(11_689_512);
  expect(trainable(at(34))).toBe(21_797_672);
  // The widely used U-Net with batch normalisation, transposed convolutions and two outputs.
  const big: ModelSpec = { family: 'unet', depth: 4, baseFilters: 64, normalisation: batch };
  expect(trainable(buildModel(big, { ...rgb, outputs: 2 }))).toBe(31_037_698);
});

it('names its parameters by the path of the layer, in the order of the forward pass', () => {
  const model = buildModel({ ...unet, depth: 1, normalisation: batch }, ports(8, 8, 1));
  requireValidLayout(model.layout);
  expect(model.layout.filter((e) => !e.name.includes('norm')).map((e) => `${e.name} ${e.shape.join('x')}`)).toEqual([
    'encoder.0.conv1.filter 3x3x1x4',
    'encoder.0.conv2.filter 3x3x4x4',
    'bottom.conv1.filter 3x3x4x8',
    'bottom.conv2.filter 3x3x8x8',
    'decoder.0.up.filter 2x2x4x8',
    'decoder.0.up.bias 4',
    'decoder.0.conv1.filter 3x3x8x4',
    'decoder.0.conv2.filter 3x3x4x4',
    'head.filter 1x1x4x1',
    'head.bias 1',
  ]);
  expect(
    model.layout.filter((e) => e.name.startsWith('bottom.norm1')).map((e) => [e.name, e.role, e.trainable]),
  ).toEqual([
    ['bottom.norm1.scale', 'norm', true],
    ['bottom.norm1.shift', 'norm', true],
    ['bottom.norm1.running-mean', 'running-statistic', false],
    ['bottom.norm1.running-variance', 'running-statistic', false],
  ]);
});

it('a model with group normalisation has no running statistics', () => {
  const roles = new Set(buildModel(resnet, ports(64, 64, 2)).layout.map((e) => e.role));
  expect(roles).toEqual(new Set(['weight', 'norm']));
});

it('begins with the same bytes for the same seed, and with the spread of He', () => {
  const model = buildModel({ ...unet, baseFilters: 16 }, ports(8, 8, 1));
  const values = model.initialise(seed);
  expect(model.initialise(seed)).toEqual(values);
  expect(model.initialise(deriveSeed(8, 0, '', 'initialise'))).not.toEqual(values);
  const index = model.layout.findIndex((e) => e.name === 'bottom.conv2.filter');
  const start = layoutLength(model.layout.slice(0, index));
  const filter = values.subarray(start, start + entryLength(model.layout[index]!));
  const mean = filter.reduce((sum, v) => sum + v, 0) / filter.length;
  const stdDev = Math.sqrt(filter.reduce((sum, v) => sum + (v - mean) ** 2, 0) / filter.length);
  const expected = Math.sqrt(2 / (9 * 64));
  // 36,864 draws: the standard error of the mean is 0.0052 standard deviations, that of the spread 0.0037.
  expect(Math.abs(mean)).toBeLessThan(4 * 0.0052 * expected);
  expect(Math.abs(stdDev / expected - 1)).toBeLessThan(4 * 0.0037);
});

it('answers one logit a pixel (U-Net) or a film (ResNet), at any size that the depth divides', () => {
  const cases: [ModelSpec, ModelPorts, number[]][] = [
    [unet, ports(8, 20, 1), [2, 8, 20, 1]],
    [resnet, ports(64, 64, 3), [2, 3]],
    [resnet, ports(37, 50, 2), [2, 2]],
  ];
  for (const [spec, size, shape] of cases) {
    const model = buildModel(spec, size);
    const x = engine.tf.ones([2, size.height, size.width, 1]) as Tensor4D;
    const { logits } = model.forward(engine, tensorsOf(model, model.initialise(seed)), x, 'train');
    expect(logits.shape).toEqual(shape);
    expect(logits.dataSync().every(Number.isFinite)).toBe(true);
  }
});

it('every trainable value of a trained U-Net and ResNet changes the logits', () => {
  for (const [spec, size] of [
    [unet, ports(8, 8, 1)],
    [{ ...resnet, normalisation: batch }, ports(32, 32, 2)],
  ] as const) {
    const model = buildModel(spec, size);
    // Away from the initial values, so that no derivative is zero by symmetry.
    const values = model.initialise(seed).map((v, i) => v + 0.1 + 0.05 * Math.sin(i));
    const tensors = tensorsOf(model, values);
    const x = engine.tf.randomNormal([2, size.height, size.width, 1], 0, 1, 'float32', 3) as Tensor4D;
    const variables = tensors.filter((_, i) => model.layout[i]!.trainable);
    const loss = (...trained: Tensor[]) => {
      const rest = trained[Symbol.iterator]();
      const all = tensors.map((t, i) => (model.layout[i]!.trainable ? rest.next().value! : t));
      return engine.tf.sum(engine.tf.square(model.forward(engine, all, x, 'train').logits));
    };
    const gradients = engine.tf.grads(loss as never)(variables) as Tensor[];
    const names = model.layout.filter((e) => e.trainable).map((e) => e.name);
    gradients.forEach((g, i) => {
      expect(Math.max(...g.dataSync().map(Math.abs)), names[i]).toBeGreaterThan(0);
    });
  }
});

it('running statistics take in a tenth of each batch, and inference uses them', () => {
  const { tf } = engine;
  const model = buildModel({ ...unet, depth: 1, normalisation: batch }, ports(8, 8, 1));
  const tensors = tensorsOf(model, model.initialise(seed));
  const x = tf.randomNormal([3, 8, 8, 1], 2, 3, 'float32', 5) as Tensor4D;
  const { statistics } = model.forward(engine, tensors, x, 'train');
  expect([...statistics.keys()]).toEqual(model.layout.flatMap((e, i) => (e.role === 'running-statistic' ? [i] : [])));
  const [mean, variance] = [...statistics.values()];
  const moments = tf.moments(tf.conv2d(x, tensors[0] as Tensor4D, 1, 'same'), [0, 1, 2]);
  for (let c = 0; c < 4; c++) {
    expect(mean!.dataSync()[c]).toBeCloseTo(0.1 * moments.mean.dataSync()[c]!, 5);
    expect(variance!.dataSync()[c]).toBeCloseTo(0.9 + 0.1 * moments.variance.dataSync()[c]!, 4);
  }

  // With the batch's own statistics in place of the running ones, inference gives what training gives.
  let current = tensors;
  for (let i = 0; i < 150; i++) {
    const next = model.forward(engine, current, x, 'train').statistics;
    current = current.map((t, index) => next.get(index) ?? t);
  }
  const trained = model.forward(engine, current, x, 'train').logits.dataSync();
  const inferred = model.forward(engine, current, x, 'infer');
  expect(inferred.statistics.size).toBe(0);
  inferred.logits.dataSync().forEach((v, i) => {
    expect(v).toBeCloseTo(trained[i]!, 3);
  });
  expect(model.forward(engine, tensors, x, 'infer').logits.dataSync()[0]).not.toBeCloseTo(trained[0]!, 2);
});

it('refuses what it cannot build', () => {
  const invalid = expect.objectContaining({ code: 'MODEL_SPEC_INVALID' });
  expect(() => buildModel(unet, ports(8, 10, 1))).toThrow(invalid);
  expect(() => buildModel({ ...unet, baseFilters: 12 }, ports(8, 8, 1))).toThrow(invalid);
  expect(() => buildModel({ ...unet, depth: 0 }, ports(8, 8, 1))).toThrow(invalid);
  expect(() => buildModel(resnet, ports(64, 64, 0))).toThrow(invalid);
});

it('refuses parameters of another model', () => {
  const model = buildModel(unet, ports(8, 8, 1));
  const x = engine.tf.zeros([1, 8, 8, 1]) as Tensor4D;
  expect(() => model.forward(engine, [x], x, 'infer')).toThrow(
    expect.objectContaining({ code: 'UPDATE_LAYOUT_MISMATCH' }),
  );
});
