import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ConsiliumError } from '@consilium/errors';
import { instantiateKernels } from './kernel-module.js';
import { KERNELS, type Kernel, type KernelName } from './kernel-names.js';
import {
  ARGUMENT_COUNT,
  ARGUMENTS,
  BOARD_BYTES,
  DONE,
  FAILED,
  ITEMS,
  KERNEL,
  MOST_CHUNKS,
  nextChunkOf,
  STOP,
  TICKET,
  ticketOf,
} from './task-board.js';

/** fine: whoever is free takes the next small chunk. coarse: one chunk per thread, for kernels with a set-up cost. */
export type Grain = 'fine' | 'coarse';

const FINE_CHUNKS_PER_THREAD = 4;
const SPINS_BEFORE_WAITING = 20_000;

/**
 * Runs kernels over the shared heap, on this thread and on helper threads.
 * An item's result never depends on which thread does it, so the bytes are those of one thread.
 */
export class ThreadPool {
  readonly #kernels: Kernel[];
  readonly #board = new Int32Array(new SharedArrayBuffer(BOARD_BYTES));
  #helpers: Worker[] = [];
  #generation = 0;

  private constructor(
    readonly module: WebAssembly.Module,
    readonly memory: WebAssembly.Memory,
  ) {
    this.#kernels = instantiateKernels(module, memory);
  }

  /** Helpers need shared memory; with threads = 1 there are none. */
  static async start(module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number): Promise<ThreadPool> {
    const pool = new ThreadPool(module, memory);
    const most = Math.floor(MOST_CHUNKS / FINE_CHUNKS_PER_THREAD);
    const helpers = Array.from({ length: Math.min(threads, most) - 1 }, (_, i) => pool.#startHelper(i + 1));
    try {
      pool.#helpers = await Promise.all(helpers);
    } catch (cause) {
      pool.#endAll();
      throw new ConsiliumError('BACK_END_UNAVAILABLE', { reason: 'helper threads do not start' }, cause);
    }
    return pool;
  }

  get threads(): number {
    return this.#helpers.length + 1;
  }

  /** Does `items` items of a kernel; `args` are its arguments before (first, end, worker). */
  run(name: KernelName, items: number, args: readonly number[], grain: Grain = 'fine'): void {
    const index = KERNELS.indexOf(name);
    if (this.#helpers.length === 0 || items < 2) {
      this.#kernels[index]!(...args, 0, items, 0);
      return;
    }
    const board = this.#board;
    const chunks = Math.min(items, this.threads * (grain === 'coarse' ? 1 : FINE_CHUNKS_PER_THREAD));
    board[KERNEL] = index;
    board[ITEMS] = items;
    board[ARGUMENT_COUNT] = args.length;
    board.set(args, ARGUMENTS);
    Atomics.store(board, DONE, 0);
    this.#generation = (this.#generation + 1) & 0x7fff;
    Atomics.store(board, TICKET, ticketOf(this.#generation, chunks));
    Atomics.notify(board, TICKET);
    this.#takeChunks(this.#kernels[index]!, items, chunks, args);
    this.#waitForHelpers(chunks);
  }

  /** Ends the helpers; no task may be under way. */
  async stop(): Promise<void> {
    const ended = this.#helpers.map((helper) => once(helper, 'exit'));
    for (const helper of this.#helpers) helper.ref();
    this.#endAll();
    await Promise.all(ended);
    this.#helpers = [];
  }

  #endAll(): void {
    Atomics.store(this.#board, TICKET, STOP);
    Atomics.notify(this.#board, TICKET);
  }

  #takeChunks(kernel: Kernel, items: number, chunks: number, args: readonly number[]): void {
    for (;;) {
      // Only this thread changes the generation, so adding 1 claims: the helpers' compare-exchange then fails.
      const chunk = nextChunkOf(this.#claimNext(chunks));
      if (chunk >= chunks) return;
      kernel(...args, Math.floor((items * chunk) / chunks), Math.floor((items * (chunk + 1)) / chunks), 0);
      Atomics.add(this.#board, DONE, 1);
    }
  }

  /** The ticket before the claim; it is left as it is when all chunks are taken. */
  #claimNext(chunks: number): number {
    for (;;) {
      const ticket = Atomics.load(this.#board, TICKET);
      if (nextChunkOf(ticket) >= chunks) return ticket;
      if (Atomics.compareExchange(this.#board, TICKET, ticket, ticket + 1) === ticket) return ticket;
    }
  }

  #waitForHelpers(chunks: number): void {
    const board = this.#board;
    let spins = 0;
    for (let done = Atomics.load(board, DONE); done < chunks; done = Atomics.load(board, DONE)) {
      if (++spins > SPINS_BEFORE_WAITING) Atomics.wait(board, DONE, done, 1);
    }
    if (Atomics.load(board, FAILED) !== 0)
      throw new ConsiliumError('ENGINE_CRASHED', { reason: 'a helper thread failed' });
  }

  /** Resolves when the helper waits for work. It does not keep the process alive. */
  async #startHelper(worker: number): Promise<Worker> {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'; // unbuilt in tests
    const helper = new Worker(new URL(`./helper-thread${extension}`, import.meta.url), {
      workerData: { module: this.module, memory: this.memory, board: this.#board.buffer, worker, kernels: KERNELS },
    });
    await once(helper, 'message');
    helper.unref();
    return helper;
  }
}
