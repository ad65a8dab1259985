import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AGENT_VERSION } from './agent.js';
import {
  type AddOptions,
  addDataset,
  listDatasets,
  removeDataset,
  type ShowOptions,
  showDataset,
} from './commands/dataset.js';
import { exitCodeOf, explain } from './commands/explain.js';
import { type StartOptions, start } from './commands/start.js';
import { type StatusOptions, status } from './commands/status.js';
import { BACK_ENDS } from './platform/config.js';

/** The agent's own command line; `consilium site ...` hands its words to it. */
function program(): Command {
  const site = new Command('consilium site')
    .description('The agent of one hospital: its datasets, and its part in federated runs.')
    .version(AGENT_VERSION)
    .exitOverride();
  site
    .command('start')
    .description('connect to the coordinator and take part in runs, until stopped with Ctrl-C')
    .requiredOption('--dir <folder>', 'the site folder: site.json, tls/, and everything the agent keeps')
    .addOption(
      new Option('--back-end <name>', 'what trains (default: the best that works, see `consilium doctor`)').choices(
        BACK_ENDS,
      ),
    )
    .option('--threads <n>', 'threads of the training engine (default: all cores)', positive)
    .option(
      '--memory <mebibytes>',
      'most memory that training may take; larger batches are computed in parts (default: 4096 for wasm, or what the machine has)',
      positive,
    )
    .action((options: StartOptions) => start(options));
  site
    .command('status')
    .description('say whether the agent runs, what it does, and what it has')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((options: StatusOptions) => status(options));
  addDatasetCommands(site.command('dataset').description('prepare, list, show and remove datasets'));
  return site;
}

function addDatasetCommands(dataset: Command): void {
  dataset
    .command('add <name>')
    .description('read a folder of DICOM files with its label table, de-identify it, and register it under a name')
    .requiredOption('--dir <folder>', 'the site folder')
    .requiredOption('--from <folder>', 'the folder of DICOM files (and masks), read with everything below it')
    .option('--labels <file>', 'the label table (default: labels.csv in that folder)')
    .option('--classes <names...>', 'classes that labels may name (default: every label that occurs)')
    .option(
      '--shares <percents>',
      'patients to train, validate and test with, where the table has no split or fold column (default: 60,15,25)',
    )
    .option('--json', 'as JSON')
    .action((name: string, options: AddOptions) => addDataset(name, options));
  dataset
    .command('list')
    .description('the datasets of this site')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((options: { dir: string; json?: boolean }) => listDatasets(options));
  dataset
    .command('show <name>')
    .description('what a dataset holds, and what became of each file of its folder')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--exact', 'show counts below 5 too')
    .option('--json', 'as JSON')
    .action((name: string, options: ShowOptions) => showDataset(name, options));
  dataset
    .command('remove <name>')
    .description('forget a dataset and delete its pixels; the folder it came from is not touched')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((name: string, options: { dir: string; json?: boolean }) => removeDataset(name, options));
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1.');
  return value;
}

const WRONG_USE = 2;

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE;
  else {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
