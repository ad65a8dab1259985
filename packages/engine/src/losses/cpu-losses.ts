import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine.js';
import {
  diceRatio,
  gradientCoefficients,
  SEGMENTATION_LOSSES,
  SEGMENTATION_LOSSES_GRADIENT,
} from './segmentation-losses.js';
import { computeSoftmaxCrossEntropy, SOFTMAX_CROSS_ENTROPY } from './softmax-cross-entropy.js';

type Values = (name: string) => Float32Array;
type Output = readonly [shape: number[], values: Float32Array];

/** The reference: plain loops in float64. */
export function registerCpuLosses(tf: Tf): void {
  if (tf.getKernel(SEGMENTATION_LOSSES, 'cpu')) return;
  tf.registerKernel(cpuKernel(SEGMENTATION_LOSSES, segmentation));
  tf.registerKernel(cpuKernel(SEGMENTATION_LOSSES_GRADIENT, (values, shape) => [segmentationGradient(values, shape)]));
  tf.registerKernel(cpuKernel(SOFTMAX_CROSS_ENTROPY, softmax));
}

function cpuKernel(kernelName: string, compute: (values: Values, shape: number[]) => Output[]): KernelConfig {
  return {
    kernelName,
    backendName: 'cpu',
    kernelFunc: ({ inputs, backend }) => {
      const cpu = backend as MathBackendCPU;
      const tensors = inputs as Record<string, TensorInfo>;
      const values: Values = (name) => cpu.data.get(tensors[name]!.dataId).values as Float32Array;
      const outputs = compute(values, tensors.logits!.shape).map(([shape, data]) =>
        cpu.makeTensorInfo(shape, 'float32', data),
      );
      return outputs.length === 1 ? outputs[0]! : outputs;
    },
  };
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

function segmentation(values: Values, shape: number[]): Output[] {
  const [images, , , structures] = shape as [number, number, number, number];
  const [logits, masks] = [values('logits'), values('masks')];
  const crossEntropy = new Float32Array(images * structures);
  const dice = new Float32Array(images * structures);
  const ratios = new Float32Array(images * structures * 2);
  for (let set = 0; set < images * structures; set++) {
    const sums = { both: 0, scores: 0, masks: 0 };
    let loss = 0;
    for (const i of elementsOf(set, shape)) {
      const [z, y] = [logits[i]!, masks[i]!];
      loss += Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
      sums.both += sigmoid(z) * y;
      sums.scores += sigmoid(z);
      sums.masks += y;
    }
    const [overlap, total] = diceRatio(sums);
    crossEntropy[set] = loss;
    dice[set] = 1 - overlap / total;
    ratios.set([overlap, total], set * 2);
  }
  return [
    [[images, structures], crossEntropy],
    [[images, structures], dice],
    [[images, structures, 2], ratios],
  ];
}

function segmentationGradient(values: Values, shape: number[]): Output {
  const [images, , , structures] = shape as [number, number, number, number];
  const [logits, masks, ratios] = [values('logits'), values('masks'), values('ratios')];
  const [crossEntropy, dice] = [values('crossEntropy'), values('dice')];
  const gradient = new Float32Array(logits.length);
  for (let set = 0; set < images * structures; set++) {
    const [overlap, total] = [ratios[set * 2]!, ratios[set * 2 + 1]!];
    const [a, b, c] = gradientCoefficients(overlap, total, crossEntropy[set]!, dice[set]!);
    for (const i of elementsOf(set, shape)) {
      const p = sigmoid(logits[i]!);
      gradient[i] = a * (p - masks[i]!) + (b * masks[i]! + c) * p * (1 - p);
    }
  }
  return [shape, gradient];
}

/** The places of one image and structure. */
function* elementsOf(set: number, shape: number[]): Generator<number> {
  const [, height, width, structures] = shape as [number, number, number, number];
  const first = Math.floor(set / structures) * height * width * structures + (set % structures);
  for (let pixel = 0; pixel < height * width; pixel++) yield first + pixel * structures;
}

function softmax(values: Values, shape: number[]): Output[] {
  const losses = new Float32Array(shape[0]!);
  const gradients = new Float32Array(values('logits').length);
  computeSoftmaxCrossEntropy(values('logits'), values('weightedClasses'), losses, gradients);
  return [
    [[shape[0]!], losses],
    [shape, gradients],
  ];
}
