import { ConsiliumError } from '@consilium/errors';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseHours } from '../pacs/pace/hours.js';
import { isUnbounded, parseQuery, QUERY_KEYS } from '../pacs/query.js';
import { DEFAULT_PACE, type FetchRequest, type ListenRequest, type Pace } from '../pacs/request.js';
import type { PacsEntry, ReceiverSettings } from '../pacs/settings.js';
import { readSiteSettings, type SiteSettings } from '../platform/config.js';
import { siteFolder } from '../platform/site-folder.js';

/** What a person says of a PACS as the source of studies. */
export interface PacsSourceOptions {
  readonly dicomweb?: string;
  readonly dimse?: string;
  /** True without a port of its own. */
  readonly listen?: boolean | number;
  readonly query?: readonly string[];
  readonly all?: boolean;
  readonly studiesPerMinute?: number;
  readonly associations?: number;
  readonly hours?: string;
  readonly bandwidth?: number;
  readonly untilIdle?: number;
  readonly dryRun?: boolean;
}

export type PacsSource =
  | { readonly kind: 'fetch'; readonly request: FetchRequest }
  | { readonly kind: 'listen'; readonly request: ListenRequest };

const MOST_ASSOCIATIONS = 8;
const MEGABYTE = 1e6;

/** The options of a PACS as a source; the command decides what happens with it. */
export function addPacsSourceOptions(command: Command): Command {
  return addQueryOptions(
    command
      .option('--dicomweb <name or url>', 'fetch from a PACS of site.json by DICOMweb')
      .option('--dimse <name or AET@host:port>', 'fetch from a PACS of site.json by DIMSE')
      .addOption(
        new Option('--listen [port]', 'take what peers of site.json push (C-STORE)').argParser(between(1, 65_535)),
      ),
  )
    .addOption(
      new Option('--until-idle <seconds>', 'with --listen: end when nobody has sent anything for so long').argParser(
        between(1, 86_400),
      ),
    )
    .addOption(
      new Option('--studies-per-minute <n>', 'never ask the PACS for more')
        .argParser(between(1, 1_000_000))
        .default(DEFAULT_PACE.studiesPerMinute),
    )
    .addOption(
      new Option('--associations <n>', 'connections to the PACS at a time')
        .argParser(between(1, MOST_ASSOCIATIONS))
        .default(DEFAULT_PACE.associations),
    )
    .option('--hours <from-to>', 'local time in which to work, as 20:00-06:00; outside of it the command waits')
    .addOption(new Option('--bandwidth <MB/s>', 'never take more').argParser(above0));
}

/** Which studies; `--all` says that all of the PACS is really meant. */
export function addQueryOptions(command: Command): Command {
  return command
    .option('--query <key=value...>', `which studies: ${QUERY_KEYS.join(', ')}; alternatives are joined by commas`)
    .option('--all', 'every study of the PACS, where there is no --query');
}

/** True when the words name a PACS, so that `--from` is not what is meant. */
export function isPacsSource(options: PacsSourceOptions): boolean {
  return options.dicomweb !== undefined || options.dimse !== undefined || options.listen !== undefined;
}

/**
 * Words and site.json together, as one checked request. Every problem is reported, not only the first.
 *
 * Errors   CONFIG_INVALID (site.json), PACS_NOT_CONFIGURED, REQUEST_INVALID.
 */
export function readPacsSource(dir: string, options: PacsSourceOptions): PacsSource {
  const settings = readSiteSettings(siteFolder(dir));
  const problems: string[] = [];
  const sources = [options.dicomweb, options.dimse, options.listen].filter((source) => source !== undefined);
  if (sources.length !== 1) problems.push('one of --dicomweb, --dimse and --listen');
  const pace = readPace(options, problems);
  const query = parseQuery(options.query ?? [], problems);
  const isListening = options.listen !== undefined;
  if (isListening && (options.query || options.all)) problems.push('--listen takes what is pushed: it has no --query');
  if (isListening && options.dryRun) problems.push('--dry-run asks a PACS: nobody knows what will be pushed');
  if (!isListening && options.untilIdle !== undefined) problems.push('--until-idle goes with --listen');
  if (!isListening && isUnbounded(query) && !options.all && problems.length === 0)
    problems.push('--query must say which studies, or --all that every study of the PACS is meant');
  const receiver = receiverOf(settings, options.listen);
  if (isListening && !receiver) problems.push('--listen needs "receiver" in site.json: who may send to this site');
  if (isListening && receiver?.peers.length === 0) problems.push('site.json: receiver: peers: nobody may send');
  if (problems.length > 0) throw new ConsiliumError('REQUEST_INVALID', { problem: problems.join('; ') });
  if (isListening) {
    const untilIdleMs = options.untilIdle === undefined ? undefined : options.untilIdle * 1000;
    return { kind: 'listen', request: { root: dir, receiver: receiver!, pace, untilIdleMs } };
  }
  return { kind: 'fetch', request: { root: dir, pacs: findPacs(settings, options), query, pace, receiver } };
}

/**
 * An entry by its name, or by exactly the address that it has.
 *
 * Errors   PACS_NOT_CONFIGURED: no address is dialled because of a word on the command line.
 */
export function findPacs(
  settings: SiteSettings,
  { dicomweb, dimse }: Pick<PacsSourceOptions, 'dicomweb' | 'dimse'>,
): PacsEntry {
  const entry = (settings.pacs ?? []).find((it) => {
    if (dicomweb !== undefined) return it.dicomweb && (it.name === dicomweb || it.dicomweb.url === dicomweb);
    return it.dimse && (it.name === dimse || addressOf(it) === dimse);
  });
  if (!entry) throw new ConsiliumError('PACS_NOT_CONFIGURED');
  return entry;
}

/** An entry by its name, whatever it speaks. Errors  PACS_NOT_CONFIGURED. */
export function findPacsByName(settings: SiteSettings, name: string): PacsEntry {
  const entry = (settings.pacs ?? []).find((it) => it.name === name);
  if (!entry) throw new ConsiliumError('PACS_NOT_CONFIGURED');
  return entry;
}

export function addressOf({ dicomweb, dimse }: PacsEntry): string {
  return dicomweb ? dicomweb.url : `${dimse!.aeTitle}@${dimse!.host}:${dimse!.port}`;
}

function receiverOf(settings: SiteSettings, listen: boolean | number | undefined): ReceiverSettings | undefined {
  return settings.receiver && typeof listen === 'number' ? { ...settings.receiver, port: listen } : settings.receiver;
}

function readPace(options: PacsSourceOptions, problems: string[]): Pace {
  const hours = options.hours === undefined ? undefined : parseHours(options.hours);
  if (options.hours !== undefined && !hours) problems.push('--hours: from-to, as 20:00-06:00');
  return {
    associations: options.associations ?? DEFAULT_PACE.associations,
    studiesPerMinute: options.studiesPerMinute ?? DEFAULT_PACE.studiesPerMinute,
    hours,
    bytesPerSecond: options.bandwidth === undefined ? undefined : options.bandwidth * MEGABYTE,
  };
}

function between(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < lowest || value > highest)
      throw new InvalidArgumentError(`A whole number from ${lowest} to ${highest}.`);
    return value;
  };
}

function above0(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('A number above 0.');
  return value;
}
