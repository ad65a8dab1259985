import { addDataset } from '../commands/dataset.js';
import { exitCodeOf, explain } from '../commands/explain.js';
import { say } from '../platform/terminal.js';

/** `dataset add` in a process of its own, from the sources: site folder, name, folder of the pictures. */
const [dir, name, from] = process.argv.slice(2) as [string, string, string];
try {
  await addDataset(name, { dir, from, json: true });
} catch (error) {
  say(explain(error));
  process.exitCode = exitCodeOf(error);
}
