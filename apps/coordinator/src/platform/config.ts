import { readFileSync } from 'node:fs';
import path from 'node:path';
import { killPoints, type ReachPoint } from '@consilium/durability';
import { ConsiliumError } from '@consilium/errors';
import type { TlsIdentity } from '@consilium/grpc';
import { MAXIMUM_PARAMETERS } from '@consilium/models';
import { z } from 'zod';
import type { Environment } from './env.js';

/** All that the coordinator is told from outside, checked once. */
export interface Config {
  readonly federation: string;
  readonly databaseUrl: string;
  /** Folder of chunks and of uploads under way. */
  readonly dataFolder: string;
  readonly http: Address;
  readonly grpc: Address;
  /** What the coordinator shows to sites, as it lies on the disk now: it is renewed there. */
  readonly readTls: () => TlsIdentity;
  /** File with the access token of the person-facing HTTP, mode 0600; made if absent. */
  readonly tokenFile: string;
  /** Most parameters that the model of a plan may have. */
  readonly maximumParameters: number;
  /** Which updates of rounds that are over are kept, for a replay: those of the last rounds of a live run, and of the last days. */
  readonly keepUpdates: { readonly rounds: number; readonly days: number };
  /** Called where a fault test may want this process to die. */
  readonly reach: ReachPoint<KillPoint>;
}

/** States of a round in which a fault test may want this process to die, and the middle of deleting its updates. */
const KILL_POINTS = ['recruiting', 'training', 'aggregating', 'validating', 'closed', 'collecting'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/** Port 0 takes a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Nest token of the one Config. */
export const CONFIG = Symbol('Config');

const port = z.coerce.number().int().min(0).max(65_535).default(0);
const host = z.string().min(1).default('127.0.0.1');

const environmentSchema = z.object({
  CONSILIUM_FEDERATION: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens')
    .max(64),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  CONSILIUM_DATA: z.string().min(1),
  CONSILIUM_HTTP_HOST: host,
  CONSILIUM_HTTP_PORT: port,
  CONSILIUM_GRPC_HOST: host,
  CONSILIUM_GRPC_PORT: port,
  CONSILIUM_TLS_DIR: z.string().min(1),
  CONSILIUM_TOKEN_FILE: z.string().min(1),
  CONSILIUM_MAXIMUM_PARAMETERS: z.coerce.number().int().positive().default(MAXIMUM_PARAMETERS),
  CONSILIUM_KEEP_UPDATES_ROUNDS: z.coerce.number().int().min(0).max(1_000_000).default(1),
  CONSILIUM_KEEP_UPDATES_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
});

/**
 * The configuration that an environment describes, frozen.
 *
 * Errors   CONFIG_INVALID; its detail holds every problem, one line each.
 */
export function configFrom(environment: Environment): Config {
  const parsed = environmentSchema.safeParse(environment);
  const problems = parsed.success ? [] : parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  const readTls = () => tlsIn(environment.CONSILIUM_TLS_DIR ?? '');
  if (environment.CONSILIUM_TLS_DIR !== undefined) problems.push(...missingIn(environment.CONSILIUM_TLS_DIR));
  const reach = armed(environment, problems);
  if (problems.length > 0 || !parsed.success)
    throw new ConsiliumError('CONFIG_INVALID', { problems: problems.join('\n') });
  const values = parsed.data;
  return Object.freeze({
    federation: values.CONSILIUM_FEDERATION,
    databaseUrl: values.DATABASE_URL,
    dataFolder: path.resolve(values.CONSILIUM_DATA),
    http: { host: values.CONSILIUM_HTTP_HOST, port: values.CONSILIUM_HTTP_PORT },
    grpc: { host: values.CONSILIUM_GRPC_HOST, port: values.CONSILIUM_GRPC_PORT },
    readTls,
    tokenFile: path.resolve(values.CONSILIUM_TOKEN_FILE),
    maximumParameters: values.CONSILIUM_MAXIMUM_PARAMETERS,
    keepUpdates: { rounds: values.CONSILIUM_KEEP_UPDATES_ROUNDS, days: values.CONSILIUM_KEEP_UPDATES_DAYS },
    reach,
  });
}

const TLS_FILES = { ca: 'ca.pem', certificate: 'server.pem', key: 'server.key' } as const;

function tlsIn(folder: string): TlsIdentity {
  const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
  return { ca: read(TLS_FILES.ca), certificate: read(TLS_FILES.certificate), key: read(TLS_FILES.key) };
}

function missingIn(folder: string): string[] {
  return Object.values(TLS_FILES).flatMap((name) => {
    try {
      readFileSync(path.join(folder, name));
      return [];
    } catch {
      return [`CONSILIUM_TLS_DIR: ${name} cannot be read`];
    }
  });
}

function armed(environment: Environment, problems: string[]): ReachPoint<KillPoint> {
  try {
    return killPoints(KILL_POINTS, environment.CONSILIUM_KILL_POINT, environment.CONSILIUM_KILL_LOG);
  } catch (error) {
    problems.push(error instanceof ConsiliumError ? String(error.detail.problems) : String(error));
    return () => {};
  }
}
