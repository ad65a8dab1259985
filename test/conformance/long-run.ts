import type { Engine } from '@consilium/engine';
import { openSmallModel } from './small-models.ts';

export interface LongRun {
  readonly steps: number;
  readonly tensorsBefore: number;
  readonly tensorsAfter: number;
  /** Resident memory of the process, in bytes. */
  readonly residentEarly: number;
  readonly residentLate: number;
  /** Heap of the back end, in bytes; 0 where it cannot tell. */
  readonly heapEarly: number;
  readonly heapLate: number;
  readonly passes: boolean;
}

const STEPS = 1000;
/** By then the optimizer's state, scratch memory and compiled code are there. */
const EARLY = 100;
/**
 * What resident memory may grow by from the early step to the last: 36 kB a step, one activation of this model of which
 * there are dozens. Compiled code and the collector's pages took up to 15 MB, and none after step 1,200 up to 4,000.
 */
export const GROWTH_BYTES = 32 * 2 ** 20;

/** Trains the small U-Net: neither tensors, nor resident memory beyond a bound, nor the back end's heap may grow. */
export async function runLong(engine: Engine): Promise<LongRun> {
  const model = openSmallModel(engine, 'U-Net');
  try {
    let early = memoryOf(engine);
    for (let step = 1; step <= STEPS; step++) {
      await model.step();
      if (step === EARLY) early = memoryOf(engine);
    }
    const late = memoryOf(engine);
    return {
      steps: STEPS,
      tensorsBefore: early.tensors,
      tensorsAfter: late.tensors,
      residentEarly: early.resident,
      residentLate: late.resident,
      heapEarly: early.heap,
      heapLate: late.heap,
      passes:
        late.tensors === early.tensors && late.resident - early.resident <= GROWTH_BYTES && late.heap <= early.heap,
    };
  } finally {
    model.close();
  }
}

function memoryOf(engine: Engine) {
  globalThis.gc?.();
  return { tensors: engine.tf.memory().numTensors, resident: process.memoryUsage().rss, heap: engine.heapBytes() };
}
