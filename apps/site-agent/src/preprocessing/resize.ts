/** For one axis: output i is the sum of `weights[i][k] * input[first[i] + k]`; the weights of each output add up to 1. */
interface AxisWeights {
  readonly first: readonly number[];
  readonly weights: readonly Float64Array[];
}

export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes a picture: averages over the area that an output pixel covers where it gets smaller, interpolates linearly
 * between pixel centres where it gets larger; each axis by itself.
 *
 * Shapes   [from.height, from.width] -> [to.height, to.width], row-major.
 * Numbers  float64 sums, rounded to float32 once; constant pictures stay constant; edges are repeated.
 */
export function resize(picture: ArrayLike<number>, from: Size, to: Size): Float32Array {
  const across = axisWeights(from.width, to.width);
  const down = axisWeights(from.height, to.height);
  const narrow = new Float64Array(from.height * to.width);
  for (let y = 0; y < from.height; y++)
    for (let x = 0; x < to.width; x++) {
      const weights = across.weights[x]!;
      const start = y * from.width + across.first[x]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * picture[start + k]!;
      narrow[y * to.width + x] = sum;
    }
  const out = new Float32Array(to.height * to.width);
  for (let y = 0; y < to.height; y++) {
    const weights = down.weights[y]!;
    for (let x = 0; x < to.width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(down.first[y]! + k) * to.width + x]!;
      out[y * to.width + x] = sum;
    }
  }
  return out;
}

/** A resized mask: 1 where more than half of the output pixel's area was. */
export function resizeMask(mask: Uint8Array, from: Size, to: Size): Uint8Array {
  const shares = resize(mask, from, to);
  const resized = new Uint8Array(shares.length);
  for (let i = 0; i < shares.length; i++) resized[i] = shares[i]! > 0.5 ? 1 : 0;
  return resized;
}

function axisWeights(from: number, to: number): AxisWeights {
  const entries = Array.from({ length: to }, (_, i) =>
    to < from ? areaWeights(i, from, to) : linearWeights(i, from, to),
  );
  return { first: entries.map(({ first }) => first), weights: entries.map(({ weights }) => weights) };
}

interface Weights {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Output i covers the inputs from i * from / to to (i + 1) * from / to; whole numbers, so that nothing is lost at the edges. */
function areaWeights(i: number, from: number, to: number): Weights {
  const start = i * from;
  const end = start + from;
  const first = Math.floor(start / to);
  const last = Math.ceil(end / to);
  const weights = Float64Array.from({ length: last - first }, (_, k) => {
    const low = Math.max(start, (first + k) * to);
    const high = Math.min(end, (first + k + 1) * to);
    return (high - low) / from;
  });
  return { first, weights };
}

function linearWeights(i: number, from: number, to: number): Weights {
  const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
  const first = Math.min(Math.floor(centre), Math.max(from - 2, 0));
  const share = centre - first;
  return { first, weights: from === 1 ? Float64Array.of(1) : Float64Array.of(1 - share, share) };
}
