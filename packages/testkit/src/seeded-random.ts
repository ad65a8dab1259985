import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** Random numbers that depend on names alone: the same parts give the same sequence on every machine. */
export class SeededRandom {
  readonly #generator: RandomGenerator;

  constructor(...parts: readonly (string | number)[]) {
    const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  }

  uniform(from: number, to: number): number {
    return from + (to - from) * uniformFloat64(this.#generator);
  }

  /** A whole number from `from` up to and including `to`. */
  integer(from: number, to: number): number {
    return from + Math.floor(uniformFloat64(this.#generator) * (to - from + 1));
  }

  chance(probability: number): boolean {
    return uniformFloat64(this.#generator) < probability;
  }

  /** Box-Muller; the second number is thrown away, so that each call costs the same two draws. */
  normal(mean: number, standardDeviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(this.#generator)));
    return mean + standardDeviation * radius * Math.cos(2 * Math.PI * uniformFloat64(this.#generator));
  }

  sign(): 1 | -1 {
    return this.chance(0.5) ? 1 : -1;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const list = [...items];
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [list[i], list[j]] = [list[j]!, list[i]!];
    }
    return list;
  }
}
