import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers that depends on its seed alone. Not for secrets. */
export interface Random {
  /** From 0 inclusive to 1 exclusive. */
  uniform(): number;
  /** Integer from `low` to `high`, both inclusive. */
  integer(low: number, high: number): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
}

/** xoroshiro128+ whose state is the first half of the seed's SHA-256, so that every bit of the seed counts. */
export function randomFrom(seed: Uint8Array): Random {
  const hash = createHash('sha256').update(seed).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    integer: (low, high) => uniformInt(generator, low, high),
    // Box and Muller; the second number is left out, so that no state is hidden between calls.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
