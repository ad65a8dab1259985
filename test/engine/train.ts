// A process of its own: ten steps of the small U-Net on the installed engine.
import { startEngine } from '@consilium/engine';
import { tenSteps } from '../conformance/small-models.ts';

const engine = await startEngine({ backEnd: 'tensorflow', mode: 'fast' });
const [losses] = await tenSteps(engine, 'U-Net');
const [first, last] = [losses![0]!, losses!.at(-1)!];
if (!(last < first)) throw new Error(`the loss went from ${first} to ${last}`);
process.stdout.write(`on the ${engine.device}, loss ${first.toFixed(3)} -> ${last.toFixed(3)}\n`);
await engine.stop();
