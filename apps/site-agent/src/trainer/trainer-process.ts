import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Engine, startEngine } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import { payloadBytes, payloadValues, sha256Hex } from '@consilium/tensors';
import { boundsOf, evaluateModel, planEvaluationMemory, planTrainingMemory, trainLocally } from '@consilium/training';
import { openTensorFile } from '../preprocessing/tensor-file.js';
import { adviceOnMemory, errorOfEngine } from './crashes.js';
import type { CheckJob, EvaluateJob, FromTrainer, ToTrainer, TrainJob } from './messages.js';
import { readAhead } from './read-ahead.js';

/**
 * The trainer's process: it alone loads the engine, so that an abort or an out-of-memory ends an attempt and not the agent.
 * It does one job at a time, holds no state between jobs, and ends with its parent.
 */
let engine: Engine | undefined;

process.on('message', (message: ToTrainer) => {
  void handle(message).then(send, (error: unknown) => send(failure(error, message)));
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group of processes; the agent decides when this one ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

async function handle(message: ToTrainer): Promise<FromTrainer> {
  switch (message.kind) {
    case 'start':
      engine = await startEngine(message.engine);
      return {
        kind: 'started',
        backEnd: engine.backEnd,
        threads: engine.threads,
        passedOver: engine.passedOver,
      };
    case 'check':
      return check(started(), message);
    case 'train':
      return train(started(), message);
    case 'evaluate':
      return evaluate(started(), message);
  }
}

function started(): Engine {
  if (!engine) throw new ConsiliumError('INTERNAL', { problem: 'a job before the engine' });
  return engine;
}

function check(on: Engine, { plan, memoryLimitBytes }: CheckJob): FromTrainer {
  const bounds = boundsOf(on, memoryLimitBytes);
  planTrainingMemory(plan, bounds);
  planEvaluationMemory(plan, bounds);
  return { kind: 'fits' };
}

async function train(on: Engine, job: TrainJob): Promise<FromTrainer> {
  const initial = loadValues(job.basePaths);
  const examples = openTensorFile(job.examples);
  try {
    const { values, steps, loss } = await trainLocally(on, {
      plan: job.plan,
      initial,
      examples,
      closedRounds: job.closedRounds,
      seed: job.seed,
      batches: readAhead(job),
      memoryLimitBytes: job.memoryLimitBytes,
      onMemoryPlan: (memory) => send({ kind: 'memory', memory }),
      onStep: (step) => send({ kind: 'step', step }),
      signal: new AbortController().signal, // a stop is the end of this process
    });
    for (let i = 0; i < values.length; i++) values[i]! -= initial[i]!;
    writeFileSync(job.deltaPath, payloadBytes(values), { mode: 0o600 });
    return { kind: 'trained', steps, loss };
  } finally {
    examples.close();
  }
}

async function evaluate(on: Engine, job: EvaluateJob): Promise<FromTrainer> {
  const values = loadValues(job.modelPaths);
  const examples = openTensorFile(job.examples);
  const trainingExamples = job.trainingExamples && openTensorFile(job.trainingExamples);
  try {
    const statistics = await evaluateModel(on, {
      plan: job.plan,
      values,
      examples,
      trainingExamples,
      scoreEdges: job.scoreEdges,
      memoryLimitBytes: job.memoryLimitBytes,
      onBatch: (done, total) => send({ kind: 'batch', done, total }),
      signal: new AbortController().signal,
    });
    return { kind: 'evaluated', statistics };
  } finally {
    examples.close();
    trainingExamples?.close();
  }
}

/** Errors  CHUNK_CORRUPT: a file does not have the digest that it is named by. */
function loadValues(paths: readonly string[]): Float32Array {
  const chunks = paths.map((path) => {
    const bytes = readFileSync(path);
    if (sha256Hex(bytes) !== basename(path)) throw new ConsiliumError('CHUNK_CORRUPT', { digest: basename(path) });
    return bytes;
  });
  return payloadValues(Buffer.concat(chunks));
}

function send(message: FromTrainer): void {
  if (process.connected) process.send!(message);
}

function failure(error: unknown, message: ToTrainer): FromTrainer {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const batchSize = message.kind === 'start' ? undefined : message.plan.training.batchSize;
  const { code, detail } = error instanceof ConsiliumError ? error : errorOfEngine(error, batchSize);
  const advice = code === 'MEMORY_EXHAUSTED' ? adviceOnMemory(batchSize) : {};
  return { kind: 'failed', code, detail: { ...detail, ...advice }, stack };
}
