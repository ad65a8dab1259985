// A helper thread: waits for a task on the board, does chunks of it, waits again. Tests run this file unbuilt, as Node.js
// strips the types: hence the `.ts` of the import, which the compiler rewrites.
import { parentPort, workerData } from 'node:worker_threads';
import {
  ARGUMENT_COUNT,
  ARGUMENTS,
  chunksOf,
  DONE,
  FAILED,
  ITEMS,
  KERNEL,
  nextChunkOf,
  STOP,
  TICKET,
} from './task-board.ts';

interface HelperData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly board: SharedArrayBuffer;
  readonly worker: number;
  readonly kernels: readonly string[];
}

/** About twenty microseconds: longer than the gap between two kernels of a step, too short to burn a core. */
const SPINS_BEFORE_SLEEPING = 2_000;

const data = workerData as HelperData;
const board = new Int32Array(data.board);
const { exports } = new WebAssembly.Instance(data.module, { env: { memory: data.memory } });
const kernels = data.kernels.map((name) => exports[name] as (...args: number[]) => void);

parentPort!.postMessage('ready');
let spins = 0;
for (;;) {
  const ticket = Atomics.load(board, TICKET);
  if (ticket === STOP) break;
  const chunks = chunksOf(ticket);
  const chunk = nextChunkOf(ticket);
  if (chunk < chunks) {
    spins = 0;
    doChunk(ticket, chunk, chunks);
  } else if (++spins > SPINS_BEFORE_SLEEPING) {
    Atomics.wait(board, TICKET, ticket);
    spins = 0;
  }
}

function doChunk(ticket: number, chunk: number, chunks: number): void {
  // Read before the claim: if the claim succeeds, the task was not over and this is its description.
  const kernel = kernels[board[KERNEL]!];
  const items = board[ITEMS]!;
  const args = Array.from(board.subarray(ARGUMENTS, ARGUMENTS + board[ARGUMENT_COUNT]!));
  if (Atomics.compareExchange(board, TICKET, ticket, ticket + 1) !== ticket) return;
  try {
    kernel!(...args, Math.floor((items * chunk) / chunks), Math.floor((items * (chunk + 1)) / chunks), data.worker);
  } catch {
    Atomics.store(board, FAILED, 1);
  }
  if (Atomics.add(board, DONE, 1) === chunks - 1) Atomics.notify(board, DONE);
}
