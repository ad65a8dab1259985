import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type Authority,
  createAuthority,
  type IssuedCertificate,
  issueCoordinatorCertificate,
  issueSiteCertificate,
} from '@consilium/pki';
import { deletePostgres, startPostgres } from '@consilium/postgres';
import pg from 'pg';
import { endAll } from './supervised-child.ts';
import { DATASET } from './tiny-plans.ts';

/** A hospital of a federation under test: its id, and its own folder of DICOM files with `labels.csv`. */
export interface SiteOptions {
  readonly id: string;
  readonly folder: string;
}

/** What federations under test have in common and what takes long to make: a PostgreSQL server, certificates, prepared datasets. */
export interface Ground {
  readonly directory: string;
  readonly siteIds: readonly string[];
  /** Makes the folders of one federation, with a database of its own and the sites as they were when nothing had run yet. */
  lay(): Promise<LaidFederation>;
  /** Stops the database and deletes everything. */
  clear(): Promise<void>;
}

export interface LaidFederation {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly tls: string;
  siteFolder(siteId: string): string;
}

export const FEDERATION = 'under-test';
const HOST = '127.0.0.1';

/** The compiled program of an app. */
export function programFile(app: 'coordinator' | 'site-agent'): string {
  return fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
}

/** What a process needs of our own environment. */
export function plainEnvironment(): Record<string, string> {
  const { PATH = '', HOME = tmpdir() } = process.env;
  return { PATH, HOME, NODE_ENV: 'production' };
}

/** A new folder that the database's user can reach into as well. */
export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'consilium-'));
  await chmod(directory, 0o711);
  return directory;
}

const uncleared = new Set<() => Promise<void>>();

/** For whoever is interrupted: ends all processes at once and clears every ground that is not cleared yet. */
export async function clearAll(): Promise<void> {
  endAll();
  for (const clear of uncleared) await clear();
}

export async function prepareGround(directory: string, sites: readonly SiteOptions[]): Promise<Ground> {
  await mkdir(directory, { recursive: true });
  const postgresDirectory = path.join(directory, 'postgres');
  const postgres = await startPostgres({ directory: postgresDirectory });
  const clear = async () => {
    uncleared.delete(clear);
    await deletePostgres(postgresDirectory);
    await rm(directory, { recursive: true, force: true });
  };
  uncleared.add(clear);
  try {
    const authority = await createAuthority({ federation: FEDERATION });
    const tls = path.join(directory, 'tls');
    await writeTls(tls, 'server', await issueCoordinatorCertificate(authority, { hosts: [HOST, 'localhost'] }));
    const prepared = (siteId: string) => path.join(directory, 'prepared', siteId);
    await Promise.all(sites.map((site) => prepareSite(prepared(site.id), site, authority)));
    const lay = async (): Promise<LaidFederation> => {
      // Always a new one: a kill log or an outbox of another federation would change what happens here.
      const own = await mkdtemp(path.join(directory, 'federation-'));
      const siteFolder = (siteId: string) => path.join(own, 'sites', siteId);
      await mkdir(path.join(own, 'logs'), { recursive: true });
      for (const { id } of sites) await cp(prepared(id), siteFolder(id), { recursive: true });
      return { directory: own, databaseUrl: await createDatabase(postgres.url), tls, siteFolder };
    };
    return { directory, siteIds: sites.map(({ id }) => id), lay, clear };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** A site's folder with its certificate and its dataset; only its agent's own program reads the DICOM. */
async function prepareSite(root: string, { id, folder }: SiteOptions, authority: Authority): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  await writeTls(path.join(root, 'tls'), 'site', await issueSiteCertificate(authority, { siteId: id }));
  // A given key, so that pseudonyms, split and with them every digest are the same in each run of a test.
  await writeFile(path.join(root, 'pseudonym.key'), `${Buffer.from(id).toString('hex').padEnd(64, '0')}\n`, {
    mode: 0o600,
  });
  const words = [programFile('site-agent'), 'dataset', 'add', DATASET, '--dir', root, '--from', folder];
  await promisify(execFile)(process.execPath, words, { env: plainEnvironment() });
}

async function writeTls(folder: string, name: 'server' | 'site', issued: IssuedCertificate): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, 'ca.pem'), issued.ca);
  await writeFile(path.join(folder, `${name}.pem`), issued.certificate);
  await writeFile(path.join(folder, `${name}.key`), issued.key, { mode: 0o600 });
}

async function createDatabase(serverUrl: string): Promise<string> {
  const name = `federation_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
