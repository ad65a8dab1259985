import type { NormalisationOptions, Tf } from '../engine.js';
import { NORMALISE, NORMALISE_GRADIENT } from '../normalisation/normalise.js';
import { averageSets, type NormalisationLayout, normalisationLayout, rowStart } from '../normalisation/statistics.js';
import { addressOf, elementsOf, type KernelCall, newTensor, registerWasmKernel, type WasmContext } from './context.js';

type Call = KernelCall<NormalisationOptions>;

/** Normalisation with scale, shift and ReLU: two passes forward, two back; the groups' arithmetic here, in float64. */
export function registerNormalisation(tf: Tf): void {
  registerWasmKernel<NormalisationOptions>(tf, NORMALISE, forward);
  registerWasmKernel<NormalisationOptions>(tf, NORMALISE_GRADIENT, gradient);
}

function forward({ inputs, attrs }: Call, context: WasmContext) {
  const x = inputs.x!;
  const layout = normalisationLayout(x.shape, attrs);
  const { images, pixels, channels, rows } = layout;
  const from = addressOf(context, x);
  const sums = imageSums(context, layout);
  context.pool.run('normalisationSums', images, [from, sums, pixels, channels]);
  const { mean, reciprocal } = statistics(context, layout, from, sums, attrs.epsilon);

  const y = newTensor(context, x.shape);
  const outputs = [newTensor(context, [rows, channels]), newTensor(context, [rows, channels])] as const;
  elementsOf(context, outputs[0]).set(mean);
  elementsOf(context, outputs[1]).set(reciprocal);
  const coefficients = slopes(
    layout,
    elementsOf(context, outputs[0]),
    elementsOf(context, outputs[1]),
    elementsOf(context, inputs.scale!),
    elementsOf(context, inputs.shift!),
  );
  const tables = writeTables(context, [coefficients.slope, coefficients.offset]);
  const size = [pixels, channels, attrs.relu ? 1 : 0, rowBytes(layout)];
  context.pool.run('normalisationApply', images, [addressOf(context, x), addressOf(context, y), ...tables, ...size]);
  return [y, ...outputs];
}

/** Mean and 1 / sqrt(variance + epsilon) per row and channel, from the sums about each image's first pixel. */
function statistics(context: WasmContext, layout: NormalisationLayout, x: number, sums: number, epsilon: number) {
  const { images, pixels, channels, rows } = layout;
  const pairs = context.heap.float64(sums, 2 * images * channels);
  const origins = Array.from({ length: images }, (_, image) =>
    context.heap.float32(x + image * pixels * channels * 4, channels),
  );
  const mean = new Float64Array(rows * channels);
  const variance = new Float64Array(rows * channels);
  for (let image = 0; image < images; image++) {
    const row = rowStart(layout, image);
    for (let c = 0; c < channels; c++) {
      mean[row + c]! += pairs[2 * (image * channels + c)]! + pixels * origins[image]![c]!;
    }
  }
  averageSets(mean, layout);
  for (let image = 0; image < images; image++) {
    const row = rowStart(layout, image);
    for (let c = 0; c < channels; c++) {
      // sum (x - mean)^2 = sum (x - o)^2 - 2 e sum (x - o) + n e^2 with e = mean - o
      const pair = 2 * (image * channels + c);
      const e = mean[row + c]! - origins[image]![c]!;
      variance[row + c]! += pairs[pair + 1]! - 2 * e * pairs[pair]! + pixels * e * e;
    }
  }
  const reciprocal = averageSets(variance, layout);
  for (let i = 0; i < reciprocal.length; i++) reciprocal[i] = 1 / Math.sqrt(Math.max(0, reciprocal[i]!) + epsilon);
  return { mean, reciprocal };
}

function gradient({ inputs, attrs }: Call, context: WasmContext) {
  const [x, dy] = [inputs.x!, inputs.dy!];
  const layout = normalisationLayout(x.shape, attrs);
  const { images, pixels, channels, rows } = layout;
  const [mean, reciprocal, scale, shift] = ['mean', 'reciprocalStdDev', 'scale', 'shift'].map((name) =>
    elementsOf(context, inputs[name]!).slice(),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const { slope, offset } = slopes(layout, mean, reciprocal, scale, shift);
  const size = [pixels, channels, attrs.relu ? 1 : 0, rowBytes(layout)];
  const sums = imageSums(context, layout);
  const before = writeTables(context, [slope, offset, mean]);
  const from = [addressOf(context, dy), addressOf(context, x)];
  context.pool.run('normalisationGradientSums', images, [...from, ...before, sums, ...size]);

  const pairs = context.heap.float64(sums, 2 * images * channels);
  const dScale = new Float64Array(channels);
  const dShift = new Float64Array(channels);
  const meanOfD = new Float64Array(rows * channels);
  const meanOfDx = new Float64Array(rows * channels);
  for (let image = 0; image < images; image++) {
    const row = rowStart(layout, image);
    for (let c = 0; c < channels; c++) {
      const d = pairs[2 * (image * channels + c)]!;
      const dx = pairs[2 * (image * channels + c) + 1]!; // d * (x - mean)
      dShift[c]! += d;
      dScale[c]! += dx * reciprocal[row + c]!;
      meanOfD[row + c]! += d * scale[c]!;
      meanOfDx[row + c]! += dx * scale[c]!;
    }
  }
  averageSets(meanOfD, layout);
  averageSets(meanOfDx, layout);
  // dx = d * slope + x * p + r
  const p = new Float32Array(rows * channels);
  const r = new Float32Array(rows * channels);
  for (let i = 0; i < p.length; i++) {
    const [inverse, m] = [reciprocal[i]!, meanOfDx[i]!];
    const slopeOfX = m * inverse * inverse * inverse;
    p[i] = -slopeOfX;
    r[i] = mean[i]! * slopeOfX - inverse * meanOfD[i]!;
  }
  const outputs = [
    newTensor(context, x.shape),
    newTensor(context, [channels]),
    newTensor(context, [channels]),
  ] as const;
  elementsOf(context, outputs[1]).set(dScale);
  elementsOf(context, outputs[2]).set(dShift);
  const tables = writeTables(context, [slope, offset, p, r]);
  const to = addressOf(context, outputs[0]);
  context.pool.run('normalisationGradientApply', images, [...from, ...tables, to, ...size]);
  return [...outputs];
}

/** y = x * slope + offset. */
function slopes(
  { channels }: NormalisationLayout,
  mean: Float32Array,
  reciprocal: Float32Array,
  scale: Float32Array,
  shift: Float32Array,
): { slope: Float32Array; offset: Float32Array } {
  const slope = new Float32Array(mean.length);
  const offset = new Float32Array(mean.length);
  for (let i = 0; i < mean.length; i++) {
    slope[i] = reciprocal[i]! * scale[i % channels]!;
    offset[i] = shift[i % channels]! - mean[i]! * slope[i]!;
  }
  return { slope, offset };
}

function imageSums({ heap }: WasmContext, { images, channels }: NormalisationLayout): number {
  return heap.scratch('sums', images * channels * 16);
}

function rowBytes({ rows, channels }: NormalisationLayout): number {
  return rows === 1 ? 0 : channels * 4;
}

/** Puts tables of equal length on the heap and gives their addresses. */
function writeTables({ heap }: WasmContext, tables: readonly Float32Array[]): number[] {
  const { length } = tables[0]!;
  const address = heap.scratch('coefficients', tables.length * length * 4);
  return tables.map((table, i) => {
    const at = address + i * length * 4;
    heap.float32(at, length).set(table);
    return at;
  });
}
