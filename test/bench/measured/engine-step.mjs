// One back end with one model: answers every line of input with one training step. See ../engine.ts.
import { createInterface } from 'node:readline';
import { openModel } from './engine-models.mjs';

const [which = '', backEnd = '', mode = ''] = process.argv.slice(2);
const { engine, step, close } = await openModel(which, {
  backEnd: /** @type {import('@consilium/engine').BackEnd} */ (backEnd),
  mode: /** @type {import('@consilium/engine').EngineMode} */ (mode),
});
answer({ ready: `${engine.backEnd} ${engine.mode}, ${engine.threads} threads` });
for await (const _ of createInterface({ input: process.stdin })) {
  const startedAt = performance.now();
  const value = await step();
  const ms = performance.now() - startedAt;
  answer({ ms, value, bytes: process.resourceUsage().maxRSS * 1024 });
}
await close();

/** @param {object} line */
function answer(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
