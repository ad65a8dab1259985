// Where the milliseconds of a training step go, by operation of the back end:
//   node test/bench/measured/engine-profile.mjs unet|resnet [back end] [fast|deterministic] [threads]
// The models of the engine bench. Each figure is the lower quartile over the steps, less what an operation spends in
// others that it calls; what remains to the whole step is TensorFlow.js and reading the batch. On back ends that only
// queue work (webgpu) the figures say nothing about the device.
import { openModel } from './engine-models.mjs';

const WARM_UP = 6;
const STEPS = 20;

const [which = 'unet', backEnd = 'wasm', mode = 'fast', threads] = process.argv.slice(2);
const { engine, step, close } = await openModel(which, {
  backEnd: /** @type {import('@consilium/engine').BackEnd} */ (backEnd),
  mode: /** @type {import('@consilium/engine').EngineMode} */ (mode),
  ...(threads === undefined ? {} : { threads: Number(threads) }),
});
for (let i = 0; i < WARM_UP; i++) await step();

/** Milliseconds of each step, and calls in all. @type {Map<string, { calls: number, perStep: number[] }>} */
const spent = new Map();
/** Milliseconds spent in operations called by those under way. @type {number[]} */
const inner = [];
let current = 0;
for (const kernel of engine.tf.getKernelsForBackend(engine.backEnd)) {
  const compute = kernel.kernelFunc;
  kernel.kernelFunc = (args) => {
    const startedAt = performance.now();
    inner.push(0);
    try {
      return compute(args);
    } finally {
      const total = performance.now() - startedAt;
      const own = total - (inner.pop() ?? 0);
      if (inner.length > 0) inner.push((inner.pop() ?? 0) + total);
      const row = spent.get(kernel.kernelName) ?? { calls: 0, perStep: new Array(STEPS).fill(0) };
      spent.set(kernel.kernelName, row);
      row.calls += 1;
      row.perStep[current] = (row.perStep[current] ?? 0) + own;
    }
  };
}
const whole = [];
for (current = 0; current < STEPS; current++) {
  const startedAt = performance.now();
  await step();
  whole.push(performance.now() - startedAt);
}
const rows = [...spent]
  .map(([name, { calls, perStep }]) => ({ name, calls: calls / STEPS, ms: lowerQuartile(perStep) }))
  .sort((a, b) => b.ms - a.ms);
const lines = rows.map(
  ({ name, calls, ms }) => `${ms.toFixed(2).padStart(8)} ${calls.toFixed(1).padStart(6)}  ${name}`,
);
const inOperations = rows.reduce((sum, { ms }) => sum + ms, 0);
process.stdout.write(`${which}, ${engine.backEnd} ${engine.mode}, ${engine.threads} threads: `);
process.stdout.write(`${lowerQuartile(whole).toFixed(1)} ms a step, ${inOperations.toFixed(1)} of it in operations\n`);
process.stdout.write(`      ms  calls  operation\n${lines.join('\n')}\n`);
await close();

/** @param {number[]} values */
function lowerQuartile(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 2] ?? Number.NaN;
}
