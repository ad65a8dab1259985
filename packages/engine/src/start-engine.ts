import { availableParallelism } from 'node:os';
import { ConsiliumError } from '@consilium/errors';
import { startCpuEngine } from './cpu-engine.js';
import type { BackEnd, Engine, EngineMode, EngineOptions, ImageEngine } from './engine.js';
import { explain } from './explain.js';
import { hasGpuInstallation } from './tensorflow/gpu.js';
import { startTensorflowEngine } from './tensorflow/tensorflow-engine.js';
import { withVolumes } from './volumes.js';
import { startWasmEngine } from './wasm/wasm-engine.js';
import { startWebgpuEngine } from './webgpu/webgpu-engine.js';

/** Every back end, in order of preference. */
export const BACK_ENDS: readonly BackEnd[] = ['wasm', 'tensorflow', 'webgpu', 'cpu'];

/**
 * What trains when nobody asks for one by name. TensorFlow only on a GPU: on a CPU `wasm` is faster (README). `cpu` is a
 * thousand times slower, so it is never a silent substitute.
 */
export function defaultBackEnds(): BackEnd[] {
  return hasGpuInstallation() ? ['tensorflow', 'wasm'] : ['wasm'];
}

const START: Record<BackEnd, (mode: EngineMode, threads: number) => Promise<ImageEngine>> = {
  wasm: startWasmEngine,
  tensorflow: startTensorflowEngine,
  webgpu: startWebgpuEngine,
  cpu: startCpuEngine,
};

/** TensorFlow.js has one back end at a time per process, so there is one engine; its users share it. */
let running: (Started & { readonly key: string; users: number }) | undefined;

interface Started {
  readonly engine: ImageEngine;
  readonly passedOver: readonly string[];
}

/**
 * Starts a back end: the one that is asked for, or the first that works of those that are fit for training; the engine
 * says which were passed over. A second start with the same options gives the same engine; it ends when all its users
 * have stopped it.
 *
 * Errors   BACK_END_UNAVAILABLE; ALREADY_RUNNING when an engine with other options runs in this process.
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const mode = options.mode ?? 'deterministic';
  const threads = Math.max(1, Math.floor(options.threads ?? availableParallelism()));
  const key = `${options.backEnd ?? 'any'} ${mode} ${threads}`;
  if (running && running.key !== key) throw new ConsiliumError('ALREADY_RUNNING', { running: running.key, asked: key });
  running ??= { key, users: 0, ...(await start(options.backEnd, mode, threads)) };
  const started = running;
  started.users++;
  let isStopped = false;
  return {
    ...withVolumes(started.engine),
    passedOver: started.passedOver,
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      started.users--;
      if (started.users > 0) return;
      running = undefined;
      await started.engine.stop();
    },
  };
}

async function start(backEnd: BackEnd | undefined, mode: EngineMode, threads: number): Promise<Started> {
  if (backEnd) return { engine: await START[backEnd](mode, threads), passedOver: [] };
  const backEnds = defaultBackEnds();
  const failures: unknown[] = [];
  for (const candidate of backEnds) {
    try {
      const engine = await START[candidate](mode, threads);
      if (candidate !== 'tensorflow' || engine.device === 'GPU')
        return { engine, passedOver: failures.map((error, i) => `${backEnds[i]}: ${explain(error)}`) };
      await engine.stop();
      throw new ConsiliumError('BACK_END_UNAVAILABLE', { backEnd: candidate, reason: 'TensorFlow sees no GPU' });
    } catch (error) {
      failures.push(error);
    }
  }
  // Of the one that needs no installation.
  const last = failures.at(-1);
  if (last instanceof ConsiliumError) throw last;
  throw new ConsiliumError('BACK_END_UNAVAILABLE', { tried: backEnds.join(' ') }, last);
}
