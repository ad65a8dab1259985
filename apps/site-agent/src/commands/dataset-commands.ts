import { type Command, Option } from 'commander';
import { DERIVED_USES, LABEL_OBJECTS, READINGS, TEXT_CHECKS } from '../datasets/image.js';
import { bindDataset, unbindDataset } from './bind-dataset.js';
import { type AddOptions, addDataset, listDatasets, removeDataset, type ShowOptions, showDataset } from './dataset.js';
import { type ExcludeOptions, excludePatients } from './exclude-patients.js';
import { type ExportOptions, exportReport } from './export-report.js';
import { addPacsSourceOptions } from './pacs-source.js';
import type { WithdrawOptions } from './runs-in-the-way.js';
import { type TemplateOptions, writeTemplate } from './write-template.js';

const WITHDRAW =
  'leave the runs under way that use it, for good; without this word they stand in the way, and nothing is changed';

/** `consilium site dataset ...` */
export function addDatasetCommands(dataset: Command): void {
  addPacsSourceOptions(dataset.command('add <name>'))
    .description('read DICOM files with their label table, de-identify them, and register them under a name')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--from <folder>', 'the folder of DICOM files (and masks), read with everything below it')
    .option('--more <folder>', 'a further folder: its pictures are added to the version that there is')
    .option('--labels <file>', 'the label table, or `none` (default: labels.csv in that folder)')
    .addOption(
      new Option('--labels-from <kind>', 'DICOM objects in the folder that hold labels or masks').choices(
        LABEL_OBJECTS,
      ),
    )
    .option(
      '--structure <name>',
      'the structure or segment that masks are made of; needed where the objects mark several',
    )
    .addOption(
      new Option(
        '--reading <which>',
        'where several objects mark one structure of a picture: take the newest (default: set the picture aside)',
      ).choices(READINGS),
    )
    .option('--classes <names...>', 'classes that labels may name (default: every label that occurs)')
    .option(
      '--shares <percents>',
      'patients to train, validate and test with, where the table has no split or fold column (default: 60,15,25)',
    )
    .addOption(
      new Option('--text-check <how>', 'for text burned into pictures: look for it too, or trust the tag alone')
        .choices(TEXT_CHECKS)
        .default('full'),
    )
    .addOption(
      new Option(
        '--derived <what>',
        'mosaics, projections (MIP), saved screens, and what is derived in a series of original CT, MR or PET slices: leave them out, or use them',
      )
        .choices(DERIVED_USES)
        .default('set-aside'),
    )
    .option(
      '--looked-at <file>',
      'names of files, one a line, that a person has looked at: suspected text does not set them aside',
    )
    .option('--public', 'mark the dataset as public: its pictures are free for everybody to see')
    .option('--no-public', 'take the mark away')
    .option('--dry-run', 'say what would come, by the headers of files or the index of the PACS; nothing is written')
    .option('--quiet', 'show no progress')
    .option('--json', 'as JSON')
    .action((name: string, options: AddOptions) => addDataset(name, options));
  dataset
    .command('template')
    .description('write a label table to fill in: a line for each picture of a folder, with an empty label')
    .requiredOption('--from <folder>', 'the folder of DICOM files, read with everything below it')
    .option('--out <file>', 'the table (default: standard output); a file that is there is not touched')
    .option('--quiet', 'show no progress')
    .action((options: TemplateOptions) => writeTemplate(options));
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
    .option('--version <version>', 'an earlier version: its number, or the start of its digest')
    .option('--json', 'as JSON')
    .action((name: string, options: ShowOptions) => showDataset(name, options));
  dataset
    .command('remove <name>')
    .description(
      'forget a dataset and delete its pixels and what came for it from a PACS; a folder it was read from is not touched',
    )
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .option('--withdraw', WITHDRAW)
    .action((name: string, options: WithdrawOptions) => removeDataset(name, options));
  dataset
    .command('bind <logical> <name>')
    .description('say which dataset a plan gets that calls for a logical one')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .option('--withdraw', WITHDRAW)
    .action((logical: string, name: string, options: WithdrawOptions) => bindDataset(logical, name, options));
  dataset
    .command('unbind <logical>')
    .description('take a binding back')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .option('--withdraw', WITHDRAW)
    .action((logical: string, options: WithdrawOptions) => unbindDataset(logical, options));
  dataset
    .command('exclude <name>')
    .description('leave patients who objected out of a dataset, and out of whatever is added later')
    .requiredOption('--dir <folder>', 'the site folder')
    .requiredOption(
      '--patients <file>',
      'their ids: one a line, or the column patient_id of a CSV; ends with 1 when one is of nobody here',
    )
    .option('--dry-run', 'say what would be left out, and which ids are of nobody here; nothing is changed')
    .option('--json', 'as JSON')
    .option('--withdraw', WITHDRAW)
    .action((name: string, options: ExcludeOptions) => excludePatients(name, options));
  dataset
    .command('export-report <name>')
    .description('write what a dataset holds for others to check: no file names, small counts hidden')
    .requiredOption('--dir <folder>', 'the site folder')
    .requiredOption('--out <file>', 'by its ending: a page (.html, with thumbnails), Markdown (.md) or JSON (.json)')
    .option('--exact', 'show counts below 5 too')
    .option('--json', 'as JSON')
    .action((name: string, options: ExportOptions) => exportReport(name, options));
}
