import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import type { Command } from 'commander';
import { type Restored, restoreSite } from '../backup/restore-site.js';
import { openArchive, sealArchive } from '../backup/sealed-archive.js';
import { filesOfSite, MEANING } from '../backup/site-backup.js';
import { siteFolder } from '../platform/site-folder.js';
import { print, printJson, table } from '../platform/terminal.js';
import { FolderLock } from '../state/folder-lock.js';
import type { Place } from './dataset-place.js';

interface BackupOptions extends Place {
  readonly out: string;
  readonly passphraseFile: string;
}

interface RestoreOptions extends Place {
  readonly from: string;
  readonly passphraseFile: string;
}

const SHORTEST_PASSPHRASE = 12;
const STANDARD_INPUT = 0;

/** `consilium site backup` and `consilium site restore`. */
export function addBackupCommands(site: Command): void {
  const passphrase = 'a file (or - for standard input) whose first line is the passphrase, of 12 characters or more';
  site
    .command('backup')
    .description(
      'write all of a site that its pictures do not give again into one file, encrypted: key, split, excluded patients, bindings, ' +
        "answered invitations, counts, pseudonym map, settings and certificates. Not in it: pictures, models, PACS inboxes, files of PACS credentials. Works beside a running agent; whoever has the file and its passphrase can undo the site's pseudonyms",
    )
    .requiredOption('--dir <folder>', 'the site folder')
    .requiredOption('--out <file>', 'the backup; a file that is there is never written over')
    .requiredOption('--passphrase-file <file>', passphrase)
    .option('--json', 'as JSON')
    .action((options: BackupOptions) => backup(options));
  site
    .command('restore')
    .description(
      'make a new folder the site that a backup is of; datasets are then added again from their sources, and every patient stays in ' +
        'the part of before. Refused for a folder that has a key, datasets or answered invitations; site.json and tls/ that are there stay',
    )
    .requiredOption('--dir <folder>', 'the folder: new, empty, or with site.json and tls/ only')
    .requiredOption('--from <file>', 'the backup')
    .requiredOption('--passphrase-file <file>', passphrase)
    .option('--json', 'as JSON')
    .action((options: RestoreOptions) => restore(options));
}

/** Errors  REQUEST_INVALID, CONFIG_INVALID, DISK_FULL. */
async function backup({ dir, out, passphraseFile, json }: BackupOptions): Promise<void> {
  const folder = siteFolder(dir);
  const passphrase = readPassphrase(passphraseFile);
  if (existsSync(out))
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: '--out is there already, and is kept; choose another name',
    });
  const files = await filesOfSite(folder);
  const archive = await sealArchive(files, passphrase);
  await writeDurably(out, [archive]);
  const held = [...files].map(([path, { length }]) => ({ path, bytes: length, is: MEANING[path] ?? '' }));
  if (json) printJson({ bytes: archive.length, files: held });
  else
    print([
      `backup written: ${archive.length} bytes, encrypted (scrypt, AES-256-GCM), readable by its owner only`,
      ...table(held.map(({ path, is }) => [`  ${path}`, is])),
      'not in it: pictures, models, inboxes and credentials of the PACS; datasets are added again after `consilium site restore`',
      'keep the passphrase elsewhere: without it the file is lost, and with it the pseudonyms can be undone',
    ]);
}

/** Errors  REQUEST_INVALID, BACKUP_CORRUPT, BACKUP_PASSPHRASE_WRONG, RESTORE_REFUSED, ALREADY_RUNNING, DISK_FULL. */
async function restore({ dir, from, passphraseFile, json }: RestoreOptions): Promise<void> {
  const passphrase = readPassphrase(passphraseFile);
  const archive = await readFile(from).catch((error) => {
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'the backup cannot be opened' }, error);
  });
  const files = await openArchive(archive, passphrase);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = FolderLock.take(siteFolder(dir, 'restoring').lock);
  try {
    tell(await restoreSite(dir, files), json ?? false);
  } finally {
    lock.release();
  }
}

function tell(restored: Restored, json: boolean): void {
  const { files, kept, toAdd } = restored;
  if (json) printJson(restored);
  else
    print([
      'restored',
      ...table(files.map((path) => [`  ${path}`, MEANING[path] ?? ''])),
      ...(kept.length > 0 ? [`kept as they were in the folder: ${kept.join(', ')}`] : []),
      toAdd.length > 0
        ? `add again, each under its name and from its source: ${toAdd.join(', ')}; their patients stay in the parts that they were in`
        : 'no dataset has to be added again',
    ]);
}

/** Errors  REQUEST_INVALID. */
function readPassphrase(file: string): string {
  const text = (() => {
    try {
      return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
    } catch (error) {
      throw new ConsiliumError('REQUEST_INVALID', { problem: '--passphrase-file cannot be read' }, error);
    }
  })();
  const passphrase = text.split(/\r?\n/, 1)[0] ?? '';
  if ([...passphrase].length < SHORTEST_PASSPHRASE)
    throw new ConsiliumError('REQUEST_INVALID', {
      problem: `the first line of --passphrase-file needs ${SHORTEST_PASSPHRASE} characters or more`,
    });
  return passphrase;
}
