import { Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from './env.js';
import { COMMAND_OUTPUT } from './terminal.js';

/** The whole command line. What a command does is loaded only when it is called, so that `--help` answers at once. */
export function buildProgram(environment: Environment): Command {
  const program = new Command('consilium')
    .description('Federated learning across hospitals: coordinator, sites, plans, runs and models.')
    .version('0.1.0')
    .enablePositionalOptions()
    .configureOutput(COMMAND_OUTPUT)
    .showHelpAfterError('(add --help for the ways to call it)')
    .exitOverride();
  addFederation(program, environment);
  addSite(program, environment);
  addForwarded(
    program,
    'dicom',
    'look at DICOM files: what the reader makes of them, what de-identification leaves',
    environment,
  );
  addPlan(program);
  addRun(program, environment);
  addModel(program, environment);
  addEngine(program);
  program
    .command('doctor')
    .description('what works on this machine, and what to do about the rest')
    .addOption(folderOption())
    .option('--json', 'for a machine')
    .action(async (options) => (await import('./commands/doctor.js')).doctor(options, environment));
  addDemo(program, environment);
  for (const command of everyCommand(program)) command.exitOverride();
  return program;
}

const folderOption = () => new Option('--dir <folder>', 'folder of the federation (default: that of the last `up`)');

function addFederation(program: Command, environment: Environment): void {
  program
    .command('up')
    .description('start PostgreSQL and the coordinator, and make what they need; Ctrl-C stops them')
    .addOption(folderOption())
    .option('--federation <name>', 'name of a new federation')
    .option('--http-port <port>', 'port of the page and the API on this machine', port, 4480)
    .option('--grpc-port <port>', 'port that sites dial', port, 4443)
    .option('--host <address>', 'address that sites dial; 0.0.0.0 for all of this machine', '127.0.0.1')
    .option('--name <host...>', 'further host names that sites dial, for the certificate')
    .option('--detach', 'go to the background')
    .action(async (options) => (await import('./commands/up.js')).up(options, environment));
  program
    .command('down')
    .description('stop the coordinator and its PostgreSQL')
    .addOption(folderOption())
    .action(async (options) => (await import('./commands/down.js')).down(options, environment));
  program
    .command('page')
    .description('an address that opens the status page in a browser; it works once, within ten minutes')
    .addOption(folderOption())
    .action(async (options) => (await import('./commands/page.js')).page(options, environment));
}

function addSite(program: Command, environment: Environment): void {
  const site = program
    .command('site')
    .description('certificates for sites; and, at a site, its agent and its datasets');
  site
    .command('certificate <name>')
    .description('issue a site its certificate, with all that its agent needs to start')
    .addOption(folderOption())
    .requiredOption('--out <folder>', 'folder to make for the site')
    .requiredOption('--coordinator <host:port...>', 'where the site dials; several are tried in turn')
    .action(async (name, options) =>
      (await import('./commands/site-certificate.js')).siteCertificate(name, options, environment),
    );
  const forwarded = {
    start: "run the site's agent",
    status: "what the site's agent holds and does",
    dataset: 'add, show, bind, exclude, report and remove datasets of the site',
    leave: 'leave a run under way for good',
    book: "the site's own book of what was done with its data",
    backup: 'write the key and the state of a site into one encrypted file',
    restore: 'make a new folder the site that a backup is of',
    pacs: 'list, check or ask the PACS of the site, or send to one',
  };
  for (const [name, description] of Object.entries(forwarded)) addForwarded(site, name, description, environment);
}

/** A command of the agent's own program; its words go there unread. */
function addForwarded(parent: Command, name: string, description: string, environment: Environment): void {
  parent
    .command(name)
    .description(description)
    .helpOption(false)
    .allowUnknownOption()
    .argument('[words...]')
    .action(async (words: string[]) =>
      (await import('./commands/site-agent.js')).siteAgent([name, ...words], environment),
    );
}

function addPlan(program: Command): void {
  const plan = program.command('plan').description('check and read plans');
  plan
    .command('validate <file>')
    .description('everything that is wrong with a plan, by line')
    .option('--json', 'for a machine')
    .option(
      '--maximum-parameters <count>',
      'largest model that the coordinator and the sites of the federation take (default: 64000000, as theirs)',
      between(1, Number.MAX_SAFE_INTEGER),
    )
    .action(async (file, options) => (await import('./commands/plan.js')).validatePlan(file, options));
  plan
    .command('show <file>')
    .description('a plan as prose, as a hospital reads it')
    .option('--json', 'the resolved plan in canonical form')
    .action(async (file, options) => (await import('./commands/plan.js')).showPlan(file, options));
}

function addRun(program: Command, environment: Environment): void {
  const run = program.command('run').description('start and follow runs');
  const load = () => import('./commands/run.js');
  run
    .command('start <plan>')
    .description('submit a plan and start a run of it')
    .addOption(folderOption())
    .option('--sites <names>', 'sites to invite (default: all connected ones that have the dataset)', list)
    .option('--dry-run', 'say what would happen, and do nothing')
    .option('--json', 'for a machine')
    .action(async (file, options) => (await load()).startRun(file, options, environment));
  run
    .command('list')
    .description('all runs, the newest first')
    .addOption(folderOption())
    .option('--json', 'for a machine')
    .action(async (options) => (await load()).listRuns(options, environment));
  run
    .command('show <run>')
    .description('one run: rounds, sites, results')
    .addOption(folderOption())
    .option('--json', 'for a machine')
    .action(async (id, options) => (await load()).showRun(id, options, environment));
  run
    .command('watch <run>')
    .description('follow a run until it ends')
    .addOption(folderOption())
    .action(async (id, options) => (await load()).watchRun(id, options, environment));
  run
    .command('abort <run>')
    .description('end a run for good')
    .addOption(folderOption())
    .requiredOption('--reason <text>', 'why; it goes into the audit log')
    .action(async (id, options) => (await load()).abortRun(id, options, environment));
}

function addModel(program: Command, environment: Environment): void {
  const model = program.command('model').description('models of the registry');
  const load = () => import('./commands/model.js');
  model
    .command('list')
    .description('all models, by digest')
    .addOption(folderOption())
    .option('--json', 'for a machine')
    .action(async (options) => (await load()).listModels(options, environment));
  model
    .command('export <digest>')
    .description('write a model as safetensors')
    .addOption(folderOption())
    .requiredOption('--out <file>', 'file to write')
    .action(async (digest, options) => (await load()).exportModel(digest, options, environment));
}

function addEngine(program: Command): void {
  const engine = program
    .command('engine')
    .description('native training engines: faster on a GPU than the embedded one');
  const load = () => import('./commands/engine.js');
  engine
    .command('install <name>')
    .description('install tensorflow in your data folder, checked by digest')
    .option('--gpu', 'with the CUDA libraries, for NVIDIA GPUs')
    .option('--from <folder>', 'folder of wheels and packages, for machines without internet')
    .option('--index <url>', 'package index to download from; without it and --from, the pip of this machine is used')
    .option(
      '--sha256 <digest...>',
      'SHA-256 of files that you vouch for, when they are not in the table of this version',
    )
    .option('--dry-run', 'look whether all is there that it needs, and change nothing')
    .action(async (name, options) => (await load()).installEngine(name, options));
  engine
    .command('list')
    .description('what is installed')
    .option('--check', 'read every installed file again, and compare its digest')
    .option('--json', 'for a machine')
    .action(async (options) => (await load()).listEngines(options));
  engine
    .command('remove <name>')
    .description('remove an installation, and what an unfinished one left')
    .action(async (name) => (await load()).removeEngine(name));
}

function addDemo(program: Command, environment: Environment): void {
  program
    .command('demo')
    .description('a whole federation on this machine: coordinator, sites with their own films, training, closing table')
    .option('--plan <names>', 'plans to run, by name', list, ['phantom-segmentation', 'phantom-classification'])
    .option('--list', 'show the plans that come with it')
    .option('--data <folder>', 'folder with the real chest films, for the plans that need them')
    .option('--exit', 'end when the runs end')
    .option('--sites <count>', 'sites with phantoms', between(1, 16), 4)
    .option('--rounds <count>', 'rounds instead of those of the plan', between(1, 1000))
    .option(
      '--seed <number>',
      'everything derives from it: phantoms, splits, weights, order',
      between(0, 0xffff_ffff),
      1,
    )
    .addOption(
      new Option('--normalisation <kind>', "normalisation instead of that of the plan's model").choices([
        'group',
        'batch',
      ]),
    )
    .option('--json <file>', 'write the closing table to a file')
    .option('--fresh', 'forget what was under way')
    .option('--dir <folder>', 'folder of the demo (default: .data/demo in the checkout)')
    .action(async (options) => (await import('./demo/demo.js')).demo(options, environment));
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...everyCommand(child)]);
}

function port(text: string): number {
  return between(0, 65_535)(text);
}

function between(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < lowest || value > highest)
      throw new InvalidArgumentError(`A whole number from ${lowest} to ${highest} is needed.`);
    return value;
  };
}

function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new InvalidArgumentError('Names joined by commas are needed.');
  return [...new Set(names)];
}
