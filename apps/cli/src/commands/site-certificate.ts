import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { issueSiteCertificate } from '@consilium/pki';
import type { Environment } from '../env.js';
import { AdvisedError } from '../failure.js';
import { certifyHosts, chosenFolder, openAuthority, readUp, writeTlsFolder, writeWhole } from '../federation-folder.js';
import { print, say } from '../terminal.js';

export interface SiteCertificateOptions {
  readonly dir?: string;
  readonly out: string;
  readonly coordinator: readonly string[];
}

/** `consilium site certificate`: a folder with which an agent can start. */
export async function siteCertificate(
  name: string,
  options: SiteCertificateOptions,
  environment: Environment,
): Promise<void> {
  const hosts = options.coordinator.map(hostOf);
  const out = path.resolve(options.out);
  requireNew(out);
  const folder = await chosenFolder(options.dir, environment.federationFolder);
  const authority = await openAuthority(folder, undefined);
  const issued = await issueSiteCertificate(authority, { siteId: name });
  await mkdir(out, { recursive: true, mode: 0o700 });
  await writeTlsFolder(path.join(out, 'tls'), issued, 'site');
  const settings = { federation: authority.federation, siteId: name, coordinator: options.coordinator };
  await writeWhole(path.join(out, 'site.json'), `${JSON.stringify(settings, null, 2)}\n`);
  print(`${out} holds the certificate and the private key of ${name}: hand it over on a safe way.`);
  print(`At the site: consilium site start --dir ${path.basename(out)}`);
  if ((await certifyHosts(folder, authority, hosts)) && (await readUp(folder)))
    say(`The coordinator's certificate now names ${hosts.join(', ')} too; the coordinator takes it within a minute.`);
}

/** Nothing is ever written over: what a site has become lies beside its certificate. Errors  FOLDER_IN_USE. */
function requireNew(out: string): void {
  const names = existsSync(out) ? readdirSync(out) : [];
  if (names.length === 0) return;
  const advice = names.some((name) => OF_A_SITE.includes(name))
    ? "It is a site's folder, which may hold a pseudonym key, datasets and updates that were not sent yet: keep it as it is. Write " +
      'to a new folder with --out; for a site that has one, hand over the new tls/ alone, which takes the place of the old tls/.'
    : 'Choose a new folder with --out.';
  throw new AdvisedError('FOLDER_IN_USE', advice, { folder: out });
}

const OF_A_SITE: readonly string[] = ['site.json', 'tls', 'pseudonym.key', 'state.sqlite', 'datasets'];

function hostOf(address: string): string {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(address);
  const host = match?.groups?.six ?? match?.groups?.host;
  if (!host) throw new AdvisedError('CONFIG_INVALID', 'Write it as host:port.', { coordinator: address });
  return host;
}
