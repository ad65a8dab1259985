import { Command, InvalidArgumentError } from 'commander';
import { AGENT_VERSION } from '../agent.js';
import { COMMAND_OUTPUT } from '../platform/terminal.js';
import { type DeidentifyCommandOptions, deidentifyFiles } from './dicom-deidentify.js';
import { type DicomShowOptions, showDicom } from './dicom-show.js';
import { addVolumesCommand } from './dicom-volumes.js';

/** `consilium dicom ...`: looking at DICOM files on this machine; needs no site folder and changes nothing. */
export function dicomProgram(): Command {
  const dicom = new Command('consilium dicom')
    .description('Look at DICOM files on this machine: what a site would make of them, and what would be left of them.')
    .version(AGENT_VERSION)
    .configureOutput(COMMAND_OUTPUT)
    .exitOverride();
  addShowCommand(dicom);
  addVolumesCommand(dicom);
  addDeidentifyCommand(dicom);
  return dicom;
}

function addShowCommand(dicom: Command): void {
  dicom
    .command('show <path>')
    .description(
      'what the reader makes of a file, or of every file of a folder: format, shape, digest, or why it is set aside',
    )
    .option('--json', 'as JSON')
    .option('--png <folder>', 'write what a model would see there (pictures of patients: keep the folder to yourself)')
    .option('--frames <n>', 'pictures of one file, at most', wholeNumber, 16)
    .option('--side <pixels>', 'make larger pictures smaller, down to about this many pixels a side', wholeNumber)
    .action((path: string, options: DicomShowOptions) => showDicom(path, options));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 10_000) {
    throw new InvalidArgumentError('A whole number from 1 to 10000.');
  }
  return value;
}

function addDeidentifyCommand(dicom: Command): void {
  dicom
    .command('deidentify <path>')
    .description('write what is left of a file, or of every file of a folder, without what identifies; or only show it')
    .option('--out <folder>', 'where to write; files are named by their new instance UID')
    .option('--diff', 'print what becomes of each element, and why')
    .option('--dry-run', 'write nothing')
    .option('--policy <file>', 'what may be kept, as JSON (default: sex, age band, manufacturer and model)')
    .option('--dir <folder>', 'the site folder: its key makes the pseudonyms, and its map keeps the way back')
    .option('--with-burned-in', 'write pictures that seem to show text as well')
    .action((path: string, options: DeidentifyCommandOptions) => deidentifyFiles(path, options));
}
