import type { BackEnd, BackEndReport, Engine, Tensor4D } from './engine.js';
import { explain } from './explain.js';
import { startEngine } from './start-engine.js';

interface Probe {
  readonly note: string;
  /** Height and width of the picture and its channels: enough work to measure, little enough to wait for. */
  readonly size: number;
  readonly channels: number;
  readonly repeats: number;
}

const PROBES: Record<BackEnd, Probe> = {
  wasm: { note: 'WebAssembly with our own training kernels', size: 64, channels: 32, repeats: 10 },
  tensorflow: { note: 'TensorFlow, installed in your data folder', size: 64, channels: 32, repeats: 10 },
  webgpu: { note: 'graphics processor without CUDA, through Dawn', size: 64, channels: 32, repeats: 10 },
  cpu: { note: 'plain JavaScript, for correctness checks only', size: 16, channels: 8, repeats: 3 },
};

const IMAGES = 4;

/** What a try of one back end finds; which one is chosen depends on the others. */
export type Trial = Omit<BackEndReport, 'isChosen' | 'command'>;

/** Starts a back end in this process, which has no engine yet, and measures one training step of a 3x3 convolution on it. */
export async function tryBackEnd(backEnd: BackEnd): Promise<Trial> {
  const settings = PROBES[backEnd];
  let engine: Engine;
  try {
    engine = await startEngine({ backEnd });
  } catch (error) {
    return { backEnd, works: false, note: explain(error), threads: 0 };
  }
  try {
    const gflops = await measure(engine, settings);
    const { threads, device } = engine;
    return { backEnd, works: true, note: settings.note, gflops, threads, ...(device !== undefined && { device }) };
  } catch (error) {
    return { backEnd, works: false, note: explain(error), threads: engine.threads };
  } finally {
    await engine.stop();
  }
}

/** GFLOP/s of the best of some steps: forward and both gradients, two operations per product. */
async function measure({ tf }: Engine, { size, channels, repeats }: Probe): Promise<number> {
  const shape: [number, number, number, number] = [IMAGES, size, size, channels];
  const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
  const w = tf.randomNormal([3, 3, channels, channels], 0, 0.1, 'float32', 2);
  const step = tf.grads((a, b) => tf.conv2d(a as Tensor4D, b as Tensor4D, 1, 'same'));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats + 2; i++) {
    const start = performance.now();
    const gradients = step([x, w], x);
    for (const gradient of gradients) await gradient.data();
    best = Math.min(best, performance.now() - start);
    tf.dispose(gradients);
  }
  tf.dispose([x, w]);
  const operations = 3 * 2 * IMAGES * size ** 2 * 9 * channels ** 2;
  return Number((operations / best / 1e6).toPrecision(3));
}
