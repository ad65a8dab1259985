import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeDurably } from '@consilium/durability';
import { type Authority, createAuthority, issueCoordinatorCertificate } from '@consilium/pki';
import { CoordinatorClient } from './coordinator-client.js';
import { AdvisedError } from './failure.js';
import { PROJECT } from './installation.js';

/** What lies where in the folder of a federation; everything secret in it has the mode 0600. */
export interface FederationFolder {
  readonly root: string;
  /** Name of the federation, and the hosts that the coordinator's certificate names. */
  readonly settings: string;
  /** The authority: `ca.pem`, `ca.key`. */
  readonly authority: string;
  /** What the coordinator shows to sites: `ca.pem`, `server.pem`, `server.key`. */
  readonly tls: string;
  readonly postgres: string;
  readonly coordinatorData: string;
  readonly coordinatorLog: string;
  readonly token: string;
  /** Present while the coordinator is up. */
  readonly up: string;
}

/** What is running, as `up.json` says it. */
export interface UpFacts {
  readonly pid: number;
  readonly coordinatorPid: number;
  readonly federation: string;
  readonly url: string;
  /** `host:port` that sites of this machine dial. */
  readonly grpcAddress: string;
  readonly startedAt: string;
}

interface FederationSettings {
  readonly federation: string;
  readonly hosts: readonly string[];
}

/** So many days before its end the coordinator's certificate is renewed, and people are warned of what cannot be. */
export const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

/** Remembers the folder of the last `up`, so that a researcher need not name it in every command. */
const LAST_UP = path.join(PROJECT, '.data', 'last-up');

export function federationFolder(root: string): FederationFolder {
  const inside = (name: string) => path.join(path.resolve(root), name);
  return {
    root: path.resolve(root),
    settings: inside('federation.json'),
    authority: inside('authority'),
    tls: inside('tls'),
    postgres: inside('postgres'),
    coordinatorData: inside('coordinator'),
    coordinatorLog: inside('coordinator.log'),
    token: inside('token'),
    up: inside('up.json'),
  };
}

/** The folder that a command means: the one it names, CONSILIUM_DIR, the one of the last `up`, or `.data/federation`. */
export async function chosenFolder(
  named: string | undefined,
  fromEnvironment: string | undefined,
): Promise<FederationFolder> {
  const last = (await readFile(LAST_UP, 'utf8').catch(() => '')).trim();
  const usual = existsSync(last) ? last : path.join(PROJECT, '.data', 'federation');
  return federationFolder(named ?? fromEnvironment ?? usual);
}

export async function rememberFolder(folder: FederationFolder): Promise<void> {
  await mkdir(path.dirname(LAST_UP), { recursive: true });
  await writeFile(LAST_UP, `${folder.root}\n`);
}

/** The authority of this federation; made on the first call. Errors  CONFIG_INVALID when it has another name by now. */
export async function openAuthority(folder: FederationFolder, federation: string | undefined): Promise<Authority> {
  const known = await readJson<FederationSettings>(folder.settings);
  if (known && federation !== undefined && known.federation !== federation)
    throw new AdvisedError('CONFIG_INVALID', 'Use another folder for another federation.', {
      federation: known.federation,
    });
  const files = { certificate: path.join(folder.authority, 'ca.pem'), key: path.join(folder.authority, 'ca.key') };
  if (known && existsSync(files.key)) {
    const [certificate, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]);
    return { federation: known.federation, certificate, key };
  }
  const authority = await createAuthority({ federation: federation ?? 'consilium' });
  // PostgreSQL may run as another user, who must be able to pass.
  await mkdir(folder.root, { recursive: true, mode: 0o711 });
  await mkdir(folder.authority, { recursive: true, mode: 0o700 });
  await writeWhole(files.certificate, authority.certificate);
  await writeWhole(files.key, authority.key);
  await writeWhole(folder.settings, JSON.stringify({ federation: authority.federation, hosts: [] }));
  return authority;
}

/**
 * Issues the coordinator's certificate again when it lacks one of these hosts, or ends within RENEW_DAYS; answers whether it did.
 * Certificates of sites stay valid: they come from the same authority.
 */
export async function certifyHosts(
  folder: FederationFolder,
  authority: Authority,
  hosts: readonly string[],
): Promise<boolean> {
  const known = (await readJson<FederationSettings>(folder.settings))?.hosts ?? [];
  const all = [...new Set([...known, ...hosts])].sort();
  const isWhole = all.length === known.length && existsSync(path.join(folder.tls, 'server.key'));
  if (isWhole && ((await daysLeft(path.join(folder.tls, 'server.pem'))) ?? 0) >= RENEW_DAYS) return false;
  const issued = await issueCoordinatorCertificate(authority, { hosts: all });
  await writeTlsFolder(folder.tls, issued, 'server');
  await writeWhole(folder.settings, JSON.stringify({ federation: authority.federation, hosts: all }));
  return true;
}

/** Whole days until a certificate ends, negative when it has; undefined when there is none that can be read. */
export async function daysLeft(file: string): Promise<number | undefined> {
  try {
    const { validTo } = new X509Certificate(await readFile(file));
    return Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  } catch {
    return undefined;
  }
}

/** Writes `ca.pem`, `<name>.pem` and `<name>.key`, readable by their owner only. */
export async function writeTlsFolder(
  folder: string,
  issued: { readonly ca: string; readonly certificate: string; readonly key: string },
  name: 'server' | 'site',
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWhole(path.join(folder, 'ca.pem'), issued.ca);
  await writeWhole(path.join(folder, `${name}.pem`), issued.certificate);
  await writeWhole(path.join(folder, `${name}.key`), issued.key);
}

/** The token of the person-facing HTTP; made on the first call. */
export async function openToken(folder: FederationFolder): Promise<string> {
  const known = await readFile(folder.token, 'utf8').catch(() => '');
  if (known.trim()) return known.trim();
  const token = randomBytes(32).toString('base64url');
  await writeWhole(folder.token, `${token}\n`);
  return token;
}

export async function readUp(folder: Pick<FederationFolder, 'up'>): Promise<UpFacts | undefined> {
  return readJson<UpFacts>(folder.up);
}

/** Errors  NOT_RUNNING when no coordinator is up in this folder. */
export async function connectTo(folder: FederationFolder): Promise<CoordinatorClient> {
  const up = await readUp(folder);
  const token = await readFile(folder.token, 'utf8').catch(() => '');
  if (!up || !token)
    throw new AdvisedError('NOT_RUNNING', 'Start the coordinator with `consilium up`, or name its folder with --dir.', {
      folder: folder.root,
    });
  return new CoordinatorClient({ url: up.url, token: token.trim() });
}

/** A small text file that is whole or not there, for its owner only. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await writeDurably(file, [Buffer.from(text)]);
}

export async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
