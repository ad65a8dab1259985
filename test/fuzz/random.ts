/** Random numbers of one case: the same seed and case give the same numbers, whatever ran before. */
export class Random {
  private state: number;

  constructor(seed: number, caseNumber: number) {
    this.state = mixed(mixed(seed) ^ Math.imul(caseNumber + 1, 0x9e3779b1));
  }

  /** From 0 up to, but not, 1. Source  mulberry32 (T. Ettinger, public domain). */
  unit(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.unit() * end);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  isWithin(chance: number): boolean {
    return this.unit() < chance;
  }
}

function mixed(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return x ^ (x >>> 16);
}
