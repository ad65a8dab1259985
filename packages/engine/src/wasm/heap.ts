/** The heap of the back end: every tensor and all scratch of the kernels lie on it. It grows; views are never kept. */
export class Heap {
  readonly #scratch = new Map<string, { readonly address: number; readonly bytes: number }>();

  constructor(
    readonly memory: WebAssembly.Memory,
    private readonly allocator: { allocate(bytes: number): number; free(address: number): void },
  ) {}

  /** Scratch that is kept under its name and grows with the largest need. */
  scratch(name: string, bytes: number): number {
    const held = this.#scratch.get(name);
    if (held && held.bytes >= bytes) return held.address;
    if (held) {
      this.#scratch.delete(name);
      this.allocator.free(held.address);
    }
    const address = this.allocator.allocate(bytes);
    this.#scratch.set(name, { address, bytes });
    return address;
  }

  /** Scratch that starts as zeros. */
  zeroedScratch(name: string, bytes: number): number {
    const address = this.scratch(name, bytes);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  float64(address: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, length);
  }
}
