/**
 * Percentiles of a picture, linear between the two nearest ranks.
 *
 * Numbers  exact: a histogram of the upper halves of the bit patterns finds where a rank lies, one of the lower halves which value
 *          it is. No copy is sorted, so time grows with the pixels alone.
 * Source   NumPy's default method, "linear" (Hyndman and Fan 1996, type 7).
 */
export function percentiles(grey: Float32Array, percents: readonly number[]): number[] {
  const valueAt = rankReader(grey);
  return percents.map((percent) => {
    const rank = (percent / 100) * (grey.length - 1);
    const below = Math.floor(rank);
    const low = valueAt(below);
    const high = valueAt(Math.min(below + 1, grey.length - 1));
    return low + (high - low) * (rank - below);
  });
}

const HALF = 0x1_0000;
const SIGN = 0x8000_0000;

/** Answers which value has a rank, from 0. */
function rankReader(grey: Float32Array): (rank: number) => number {
  const bits = new Uint32Array(grey.buffer, grey.byteOffset, grey.length);
  const upper = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) upper[orderKey(bits[i]!) >>> 16]!++;
  const lowerOf = new Map<number, Uint32Array>();
  return (rank) => {
    const [high, rest] = place(upper, rank);
    const lower = lowerOf.get(high) ?? countLower(bits, high);
    lowerOf.set(high, lower);
    const key = ((high << 16) | place(lower, rest)[0]) >>> 0;
    const [value = 0] = new Float32Array(Uint32Array.of(key & SIGN ? key ^ SIGN : ~key).buffer);
    return value;
  };
}

/** The bit pattern of a float32 as a whole number that grows with the value. */
function orderKey(bits: number): number {
  return (bits & SIGN ? ~bits : bits | SIGN) >>> 0;
}

function countLower(bits: Uint32Array, high: number): Uint32Array {
  const lower = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) {
    const key = orderKey(bits[i]!);
    if (key >>> 16 === high) lower[key & (HALF - 1)]!++;
  }
  return lower;
}

/** The bar of a histogram in which a rank lies, and its rank within it. */
function place(histogram: Uint32Array, rank: number): [bar: number, rest: number] {
  let rest = rank;
  let bar = 0;
  while (rest >= histogram[bar]!) rest -= histogram[bar++]!;
  return [bar, rest];
}
