import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { killPoints, type ReachPoint } from '@consilium/durability';
import type { BackEnd } from '@consilium/engine';
import { ConsiliumError } from '@consilium/errors';
import type { TlsIdentity } from '@consilium/grpc';
import { MAXIMUM_PARAMETERS } from '@consilium/models';
import { z } from 'zod';
import { pacsSchema, receiverSchema } from '../pacs/settings.js';
import { DEFAULT_CACHE_GIBIBYTES } from '../preprocessing/cache-room.js';
import { identityProblems } from './check-identity.js';
import type { Environment } from './env.js';
import { type SiteFolder, siteFolder } from './site-folder.js';

const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
const settingsSchema = z.strictObject({
  federation: name,
  siteId: name,
  /** Tried in turn. */
  coordinator: z.array(z.string().regex(/^.+:\d{1,5}$/, 'host:port')).min(1),
  /** Where studies may be fetched from. No other address is ever dialled for them. */
  pacs: pacsSchema.optional(),
  /** Who may send studies here. */
  receiver: receiverSchema.optional(),
  /** What the model sees, made once and read in every round: how much of the disk it may take, and what stays free. */
  tensorCache: z
    .strictObject({
      maximumGibibytes: z.number().positive().default(DEFAULT_CACHE_GIBIBYTES.maximum),
      freeGibibytes: z.number().min(0).default(DEFAULT_CACHE_GIBIBYTES.free),
    })
    .prefault({}),
  /** Most parameters of a model that this site trains; a plan with more is declined. */
  maximumParameters: z.int().positive().default(MAXIMUM_PARAMETERS),
});

/** Where a fault test may end an agent. */
const KILL_POINTS = ['fetching', 'training', 'sending'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/** site.json */
export type SiteSettings = z.output<typeof settingsSchema>;

export interface SiteConfig extends SiteSettings {
  readonly folder: SiteFolder;
  readonly tls: TlsIdentity;
  readonly logLevel: string;
  /** The engine's own choice when not given. */
  readonly backEnd: BackEnd | undefined;
  /** Threads of the engine; the engine's own choice when not given. */
  readonly threads: number | undefined;
  /** Most bytes that training may take; what the engine finds when not given. */
  readonly memoryLimitBytes: number | undefined;
  readonly reach: ReachPoint<KillPoint>;
}

/** By name alone: the agent's own process does not load the engine. */
const NAMES: Readonly<Record<BackEnd, true>> = { wasm: true, tensorflow: true, webgpu: true, cpu: true };
export const BACK_ENDS = Object.keys(NAMES) as BackEnd[];

/** What a person says of the engine. */
export interface EngineSettings {
  readonly backEnd?: string;
  readonly threads?: number;
  /** Mebibytes. */
  readonly memory?: number;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Everything that `start` needs, checked before anything starts. Every problem is reported, not only the first.
 *
 * Errors   CONFIG_INVALID, its detail naming each problem by file and field.
 */
export function readConfig(root: string, environment: Environment, engine: EngineSettings = {}): SiteConfig {
  const folder = siteFolder(root);
  const problems: string[] = [];
  const settings = readSettings(folder, problems);
  const pem = (file: string, marker: string) => readPem(join(folder.tls, file), `tls/${file}`, marker, problems);
  const tls = {
    ca: pem('ca.pem', 'CERTIFICATE'),
    certificate: pem('site.pem', 'CERTIFICATE'),
    key: pem('site.key', 'PRIVATE KEY'),
  };
  if (problems.every((problem) => !problem.startsWith('tls/'))) problems.push(...identityProblems(tls, settings));
  const logLevel = environment.logLevel ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) problems.push(`CONSILIUM_LOG_LEVEL: one of ${LOG_LEVELS.join(', ')}`);
  const asked = engine.backEnd ?? environment.backEnd;
  const backEnd = BACK_ENDS.find((known) => known === asked);
  if (asked !== undefined && backEnd === undefined)
    problems.push(`--back-end, CONSILIUM_BACK_END: one of ${BACK_ENDS.join(', ')}`);
  if (problems.length > 0 || !settings) throw new ConsiliumError('CONFIG_INVALID', { problem: problems.join('; ') });
  return Object.freeze({
    ...settings,
    folder,
    tls,
    logLevel,
    backEnd,
    threads: engine.threads,
    memoryLimitBytes: engine.memory === undefined ? undefined : engine.memory * 2 ** 20,
    reach: killPoints(KILL_POINTS, environment.killPoint, environment.killLog),
  });
}

function readSettings(folder: SiteFolder, problems: string[]): SiteSettings | undefined {
  let input: unknown;
  try {
    input = JSON.parse(readFileSync(folder.settings, 'utf8'));
  } catch (error) {
    problems.push(error instanceof SyntaxError ? 'site.json: not valid JSON' : 'site.json: cannot be read');
    return undefined;
  }
  const result = settingsSchema.safeParse(input);
  if (result.success) return result.data;
  problems.push(
    ...result.error.issues.map((issue) => `site.json: ${issue.path.join('.') || 'whole file'}: ${issue.message}`),
  );
  return undefined;
}

/** Errors  CONFIG_INVALID. What `status` needs of site.json. */
export function readSiteSettings(folder: SiteFolder): SiteSettings {
  const problems: string[] = [];
  const settings = readSettings(folder, problems);
  if (!settings) throw new ConsiliumError('CONFIG_INVALID', { problem: problems.join('; ') });
  return settings;
}

function readPem(path: string, name: string, marker: string, problems: string[]): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.includes(`${marker}-----`)) problems.push(`${name}: no ${marker.toLowerCase()} in it`);
    return text;
  } catch {
    problems.push(`${name}: cannot be read`);
    return '';
  }
}
