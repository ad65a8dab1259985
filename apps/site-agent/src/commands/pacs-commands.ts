import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError, ERRORS, errorCode } from '@consilium/errors';
import { type Command, InvalidArgumentError } from 'commander';
import { openPacs } from '../pacs/open-pacs.js';
import { previewStudies } from '../pacs/preview-studies.js';
import { parseQuery } from '../pacs/query.js';
import { DEFAULT_PACE } from '../pacs/request.js';
import { sendToPacs } from '../pacs/send-files.js';
import type { PacsEntry } from '../pacs/settings.js';
import { readSiteSettings } from '../platform/config.js';
import { siteFolder } from '../platform/site-folder.js';
import { print, printJson, table } from '../platform/terminal.js';
import { addQueryOptions, addressOf, findPacsByName } from './pacs-source.js';
import { previewText } from './preview-text.js';
import { untilStopped } from './until-stopped.js';

interface Place {
  readonly dir: string;
  readonly json?: boolean;
}

/** `consilium site pacs ...` */
export function addPacsCommands(pacs: Command): void {
  pacs
    .command('list')
    .description('the PACS of site.json, and who may send to this site')
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((options: Place) => listPacs(options));
  pacs
    .command('check [name]')
    .description(
      'greet every PACS, or one: address, certificates, credentials and AE titles are tried, nothing is fetched',
    )
    .requiredOption('--dir <folder>', 'the site folder')
    .option('--json', 'as JSON')
    .action((name: string | undefined, options: Place) => checkPacs(name, options));
  addQueryOptions(
    pacs
      .command('studies <name>')
      .description('what a query would bring: counts of studies, modalities and years; no pixel moves')
      .requiredOption('--dir <folder>', 'the site folder')
      .option('--json', 'as JSON'),
  ).action((name: string, options: Place & { query?: string[]; all?: boolean }) => showStudies(name, options));
  pacs
    .command('send <path>')
    .description('send a DICOM file, or every one of a folder, to a PACS')
    .requiredOption('--dir <folder>', 'the site folder')
    .requiredOption('--to <name>', 'a PACS of site.json')
    .option('--associations <n>', 'connections at a time', (text) => {
      if (!/^[1-8]$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 8.');
      return Number(text);
    })
    .option('--json', 'as JSON')
    .action((path: string, options: Place & { to: string; associations?: number }) => sendPath(path, options));
}

function listPacs({ dir, json }: Place): void {
  const { pacs = [], receiver } = readSiteSettings(siteFolder(dir));
  if (json) {
    const entries = pacs.map((entry) => ({ name: entry.name, kind: kindOf(entry), address: addressOf(entry) }));
    printJson({ pacs: entries, receiver });
    return;
  }
  if (pacs.length === 0) print('no PACS; add one to "pacs" in site.json');
  else
    print(
      table([
        ['name', 'speaks', 'address', 'protected by'],
        ...pacs.map((entry) => [entry.name, kindOf(entry), addressOf(entry), protectionOf(entry)]),
      ]),
    );
  if (receiver)
    print([
      '',
      `receives as ${receiver.aeTitle} on ${receiver.host}:${receiver.port}${receiver.tls ? ' with mutual TLS' : ''}, from ` +
        (receiver.peers.map(({ aeTitle, host }) => `${aeTitle}@${host}`).join(', ') ||
          'nobody but a PACS that was asked'),
    ]);
}

async function checkPacs(name: string | undefined, { dir, json }: Place): Promise<void> {
  const settings = readSiteSettings(siteFolder(dir));
  const entries = name === undefined ? (settings.pacs ?? []) : [findPacsByName(settings, name)];
  if (entries.length === 0) throw new ConsiliumError('PACS_NOT_CONFIGURED');
  const results: { name: string; ok: boolean; ms: number; code: string }[] = [];
  await untilStopped(async (signal) => {
    for (const entry of entries) {
      const began = performance.now();
      const code = await greet(dir, entry, settings.receiver, signal);
      results.push({ name: entry.name, ok: code === '', ms: Math.round(performance.now() - began), code });
    }
  });
  if (json) printJson(results);
  else print(table(results.map(({ name: it, ok, ms, code }) => [it, ok ? `answers in ${ms} ms` : code])));
  const failed = results.find(({ ok }) => !ok);
  if (failed) process.exitCode = 1;
}

async function greet(
  root: string,
  pacs: PacsEntry,
  receiver: ReturnType<typeof readSiteSettings>['receiver'],
  signal: AbortSignal,
): Promise<string> {
  try {
    const connection = await openPacs({ root, pacs, pace: DEFAULT_PACE, receiver }, signal);
    try {
      await connection.echo(signal);
      return '';
    } finally {
      await connection.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'STOPPED' || code === 'INTERNAL') throw error;
    const facts =
      error instanceof ConsiliumError ? Object.entries(error.detail).map(([key, it]) => `${key} ${it}`) : [];
    return [`${code}: ${ERRORS[code].say}`, ...facts].join(' ');
  }
}

async function showStudies(name: string, options: Place & { query?: string[]; all?: boolean }): Promise<void> {
  const settings = readSiteSettings(siteFolder(options.dir));
  const problems: string[] = [];
  const query = parseQuery(options.query ?? [], problems);
  if (!options.query && !options.all)
    problems.push('--query must say which studies, or --all that every study is meant');
  if (problems.length > 0) throw new ConsiliumError('REQUEST_INVALID', { problem: problems.join('; ') });
  const pacs = findPacsByName(settings, name);
  const request = { root: options.dir, pacs, query, pace: DEFAULT_PACE, receiver: settings.receiver };
  const preview = await untilStopped((signal) => previewStudies(request, signal));
  if (options.json) printJson(preview);
  else print(previewText(preview));
}

async function sendPath(path: string, { dir, to, associations, json }: Place & { to: string; associations?: number }) {
  const settings = readSiteSettings(siteFolder(dir));
  const pacs = findPacsByName(settings, to);
  const files = await filesOf(path);
  const pace = { ...DEFAULT_PACE, associations: associations ?? DEFAULT_PACE.associations };
  const result = await untilStopped((signal) =>
    sendToPacs({ root: dir, pacs, pace, receiver: settings.receiver }, files, signal),
  );
  if (json) printJson(result);
  else
    print([`${result.sent} of ${files.length} files sent`, ...result.refused.map((it) => `${it.file}: ${it.reason}`)]);
  if (result.refused.length > 0) process.exitCode = 1;
}

async function filesOf(path: string): Promise<string[]> {
  const facts = await stat(path).catch((error) => {
    throw new ConsiliumError('REQUEST_INVALID', { problem: 'there is no such file or folder' }, error);
  });
  if (facts.isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])).sort();
}

function kindOf({ dicomweb }: PacsEntry): string {
  return dicomweb ? 'DICOMweb' : 'DIMSE';
}

function protectionOf({ dicomweb, dimse }: PacsEntry): string {
  if (dimse) return dimse.tls ? 'mutual TLS' : 'AE titles only';
  const means = [
    dicomweb!.url.startsWith('https:') ? 'TLS' : 'plain http',
    ...(dicomweb!.certificate ? ['certificate'] : []),
    ...(dicomweb!.tokenFile ? ['token'] : []),
    ...(dicomweb!.userFile ? ['password'] : []),
  ];
  return means.join(', ');
}
