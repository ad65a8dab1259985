import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { AGENT_VERSION } from './agent.js';
import { addBackupCommands } from './commands/backup-commands.js';
import { addBookCommands } from './commands/book-commands.js';
import { addDatasetCommands } from './commands/dataset-commands.js';
import { dicomProgram } from './commands/dicom-commands.js';
import { exitCodeOf, explain } from './commands/explain.js';
import { addPacsCommands } from './commands/pacs-commands.js';
import { type StartOptions, start } from './commands/start.js';
import { type StatusOptions, status } from './commands/status.js';
import { BACK_ENDS } from './platform/config.js';
import { COMMAND_OUTPUT, say } from './platform/terminal.js';

/** The agent's own command line; `consilium site ...` and `consilium dicom ...` hand their words to it. */
function program(words: readonly string[]): Command {
  return words[0] === 'dicom' ? dicomProgram() : siteProgram();
}

function siteProgram(): Command {
  const site = new Command('consilium site')
    .description('The agent of one hospital: its datasets, and its part in federated runs.')
    .version(AGENT_VERSION)
    .enablePositionalOptions()
    .configureOutput(COMMAND_OUTPUT)
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
  addBookCommands(site);
  addBackupCommands(site);
  addPacsCommands(site.command('pacs').description('the PACS of this site: look, check, preview, send'));
  return site;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1.');
  return value;
}

const WRONG_USE = 2;

// Nothing is printed around the one way out, whatever is thrown where nobody waits for it.
process.on('uncaughtException', (error) => {
  say(explain(error));
  process.exit(exitCodeOf(error));
});

try {
  const words = process.argv.slice(2);
  await program(words).parseAsync(words[0] === 'dicom' ? words.slice(1) : words, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE;
  else {
    say(explain(error));
    process.exitCode = exitCodeOf(error);
  }
}
