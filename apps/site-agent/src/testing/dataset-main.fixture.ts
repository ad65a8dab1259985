import { addDataset } from '../commands/dataset.js';
import { exitCodeOf, explain } from '../commands/explain.js';

/** `dataset add` in a process of its own, from the sources: site folder, name, folder of the pictures. */
const [dir, name, from] = process.argv.slice(2) as [string, string, string];
try {
  await addDataset(name, { dir, from, json: true });
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
