import type { Tf } from '../engine.js';
import {
  diceRatio,
  gradientCoefficients,
  SEGMENTATION_LOSSES,
  SEGMENTATION_LOSSES_GRADIENT,
} from '../losses/segmentation-losses.js';
import { computeSoftmaxCrossEntropy, SOFTMAX_CROSS_ENTROPY } from '../losses/softmax-cross-entropy.js';
import { addressOf, elementsOf, type KernelCall, newTensor, registerWasmKernel, type WasmContext } from './context.js';

/** Pixels of one item; fixed, so that the order of additions is. */
const BLOCK_PIXELS = 4096;
/** What an item needs behind its sums; as in assembly/losses.ts. */
const SPARE_BYTES = 64;

export function registerLosses(tf: Tf): void {
  registerWasmKernel<object>(tf, SEGMENTATION_LOSSES, segmentation);
  registerWasmKernel<object>(tf, SEGMENTATION_LOSSES_GRADIENT, segmentationGradient);
  registerWasmKernel<object>(tf, SOFTMAX_CROSS_ENTROPY, ({ inputs }, context) => {
    const [logits, weights] = [inputs.logits!, inputs.weightedClasses!];
    const outputs = [newTensor(context, [logits.shape[0]!]), newTensor(context, logits.shape)];
    const views = [logits, weights, ...outputs].map((tensor) => elementsOf(context, tensor));
    computeSoftmaxCrossEntropy(...(views as [Float32Array, Float32Array, Float32Array, Float32Array]));
    return outputs;
  });
}

/** How the elements of an image are cut into items, and its lanes that belong to one structure. */
function layoutOf([images, height, width, structures]: readonly number[]) {
  const elements = height! * width! * structures!;
  const block = BLOCK_PIXELS * structures!;
  const period = structures! % 4 === 0 ? structures! : structures! % 2 === 0 ? structures! * 2 : structures! * 4;
  return { images: images!, structures: structures!, elements, block, blocks: Math.ceil(elements / block), period };
}

function segmentation({ inputs }: KernelCall<object>, context: WasmContext) {
  const [logits, masks] = [inputs.logits!, inputs.masks!];
  const { images, structures, elements, block, blocks, period } = layoutOf(logits.shape);
  const itemBytes = 4 * period * 8 + SPARE_BYTES;
  const table = context.heap.scratch('sums', images * blocks * itemBytes);
  const addresses = [addressOf(context, logits), addressOf(context, masks), table];
  context.pool.run('segmentationSums', images * blocks, [...addresses, elements, period, block]);
  const outputs = [
    newTensor(context, [images, structures]),
    newTensor(context, [images, structures]),
    newTensor(context, [images, structures, 2]),
  ];
  const [crossEntropy, dice, ratios] = outputs.map((tensor) => elementsOf(context, tensor));
  const sums = context.heap.float64(table, (images * blocks * itemBytes) / 8);
  const sumOf = (quantity: number, image: number, structure: number): number => {
    let sum = 0;
    for (let item = image * blocks; item < (image + 1) * blocks; item++) {
      const first = (item * itemBytes) / 8 + quantity * period;
      for (let lane = structure; lane < period; lane += structures) sum += sums[first + lane]!;
    }
    return sum;
  };
  for (let set = 0; set < images * structures; set++) {
    const [image, structure] = [Math.floor(set / structures), set % structures];
    const [loss, both, scores, ofMasks] = [0, 1, 2, 3].map((q) => sumOf(q, image, structure)) as Sums;
    const [overlap, total] = diceRatio({ both, scores, masks: ofMasks });
    crossEntropy![set] = loss;
    dice![set] = 1 - overlap / total;
    ratios!.set([overlap, total], set * 2);
  }
  return outputs;
}

type Sums = [number, number, number, number];

function segmentationGradient({ inputs }: KernelCall<object>, context: WasmContext) {
  const [logits, masks] = [inputs.logits!, inputs.masks!];
  const { images, structures, elements, block, blocks, period } = layoutOf(logits.shape);
  const gradient = newTensor(context, logits.shape);
  const tables = context.heap.scratch('coefficients', images * 3 * period * 4);
  const coefficients = context.heap.float32(tables, images * 3 * period);
  const [ratios, crossEntropy, dice] = [inputs.ratios!, inputs.crossEntropy!, inputs.dice!].map((tensor) =>
    elementsOf(context, tensor),
  ) as [Float32Array, Float32Array, Float32Array];
  for (let image = 0; image < images; image++) {
    for (let lane = 0; lane < period; lane++) {
      const set = image * structures + (lane % structures);
      const [overlap, total] = [ratios[set * 2]!, ratios[set * 2 + 1]!];
      const values = gradientCoefficients(overlap, total, crossEntropy[set]!, dice[set]!);
      values.forEach((value, which) => {
        coefficients[(image * 3 + which) * period + lane] = value;
      });
    }
  }
  const addresses = [addressOf(context, logits), addressOf(context, masks), tables, addressOf(context, gradient)];
  context.pool.run('segmentationGradient', images * blocks, [...addresses, elements, period, block]);
  return gradient;
}
