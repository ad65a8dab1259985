import { ConsiliumError } from '@consilium/errors';

/**
 * Expands a segmented palette: runs of discrete entries, straight lines to an entry, and repetitions of earlier
 * segments.
 *
 * Errors   DICOM_INVALID (it does not give `count` entries).
 * Source   DICOM PS3.3 C.7.9.2.
 */
export function segmentsToEntries(words: Uint16Array, count: number): Uint16Array {
  const entries = new Uint16Array(count);
  const expansion = new Expansion(words, entries);
  expansion.run(0, Number.POSITIVE_INFINITY, false);
  // A word of padding may follow the last segment.
  if (expansion.filled !== count)
    throw new ConsiliumError('DICOM_INVALID', { paletteEntries: expansion.filled, count });
  return entries;
}

class Expansion {
  filled = 0;

  constructor(
    private readonly words: Uint16Array,
    private readonly entries: Uint16Array,
  ) {}

  /** Reads at most `segments` segments from a word on. */
  run(from: number, segments: number, isRepetition: boolean): void {
    let at = from;
    for (let n = 0; n < segments && at + 1 < this.words.length && this.filled < this.entries.length; n++) {
      const opcode = this.words[at]!;
      const length = this.words[at + 1]!;
      at += 2;
      if (opcode === 0) at = this.discrete(at, length);
      else if (opcode === 1) at = this.line(at, length);
      else if (opcode === 2 && !isRepetition) at = this.repeat(at, length);
      else throw new ConsiliumError('DICOM_INVALID', { paletteOpcode: opcode });
    }
  }

  private discrete(at: number, length: number): number {
    for (let i = 0; i < length; i++) this.put(this.word(at + i));
    return at + length;
  }

  /** From the last entry, which is not repeated, to the one that the segment names. */
  private line(at: number, length: number): number {
    if (this.filled === 0) throw new ConsiliumError('DICOM_INVALID', { paletteOpcode: 1 });
    const start = this.entries[this.filled - 1]!;
    const end = this.word(at);
    for (let i = 1; i <= length; i++) this.put(Math.round(start + ((end - start) * i) / length));
    return at + 1;
  }

  private repeat(at: number, segments: number): number {
    const byteOffset = this.word(at) + 2 ** 16 * this.word(at + 1);
    if (byteOffset % 2 !== 0 || byteOffset / 2 >= at)
      throw new ConsiliumError('DICOM_INVALID', { paletteOffset: byteOffset });
    this.run(byteOffset / 2, segments, true);
    return at + 2;
  }

  private word(at: number): number {
    if (at >= this.words.length) throw new ConsiliumError('DICOM_INVALID', { paletteWords: this.words.length });
    return this.words[at]!;
  }

  private put(value: number): void {
    if (this.filled >= this.entries.length) throw new ConsiliumError('DICOM_INVALID', { paletteEntries: this.filled });
    this.entries[this.filled++] = value;
  }
}
