import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { BINDING_VERSION, type InstallationFolder, TENSORFLOW_VERSION } from '../installation.js';
import { unpackTarball } from './binding-package.js';
import { type Checked, checkDistribution, sha256OfFile } from './digest.js';
import { listFolder } from './directory-source.js';
import type { InstallContext } from './source.js';

/** The description that `npm run release -- addon` writes into the package. */
interface AddonManifest {
  readonly tensorflow: string;
  readonly binding: string;
  /** SHA-256 of every file, by its path. */
  readonly files: Readonly<Record<string, string>>;
}

export const MANIFEST = 'integrity.json';

export function addonPackage(platform = `${process.platform}-${process.arch}`): string {
  return `@consilium/tensorflow-addon-${platform}`;
}

/** Where a prebuilt addon is: a tarball in the folder of --from, or an installed package. */
export function findPrebuilt(
  from: string | undefined,
): { readonly path: string; readonly isTarball: boolean } | undefined {
  const prefix = `${addonPackage().slice(1).replace('/', '-')}-`;
  const tarball = from && listFolder(from).find((name) => name.startsWith(prefix) && name.endsWith('.tgz'));
  if (tarball) return { path: join(from, tarball), isTarball: true };
  try {
    const description = createRequire(import.meta.url).resolve(`${addonPackage()}/package.json`);
    return { path: dirname(description), isTarball: false };
  } catch {
    return undefined; // not installed: it is optional
  }
}

/**
 * Puts the addon and upstream's JavaScript of a prebuilt package in their places. A tarball must be vouched for like a
 * wheel; a package that npm has installed was checked by npm.
 *
 * Errors   ENGINE_DISTRIBUTION_UNVERIFIED, ENGINE_DISTRIBUTION_CORRUPT.
 */
export async function placePrebuilt(
  prebuilt: NonNullable<ReturnType<typeof findPrebuilt>>,
  folder: InstallationFolder,
  accepted: readonly string[],
  context: InstallContext,
): Promise<Checked | undefined> {
  const checked = prebuilt.isTarball
    ? await checkDistribution({ path: prebuilt.path, isDownload: false }, accepted, context)
    : undefined;
  const unpacked = join(folder.root, 'prebuilt');
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true, mode: 0o700 });
  if (prebuilt.isTarball) await unpackTarball(prebuilt.path, unpacked, () => true);
  else await cp(prebuilt.path, unpacked, { recursive: true });
  await checkManifest(unpacked, addonPackage());
  for (const part of ['tfjs-node', 'addon']) {
    await rm(join(folder.root, part), { recursive: true, force: true });
    await cp(join(unpacked, part), join(folder.root, part), { recursive: true });
  }
  await rm(unpacked, { recursive: true });
  return checked;
}

async function checkManifest(unpacked: string, name: string): Promise<void> {
  const corrupt = (reason: string) => new ConsiliumError('ENGINE_DISTRIBUTION_CORRUPT', { file: name, reason });
  if (!existsSync(join(unpacked, MANIFEST))) throw corrupt(`no ${MANIFEST} in it`);
  const manifest = JSON.parse(await readFile(join(unpacked, MANIFEST), 'utf8')) as AddonManifest;
  if (manifest.tensorflow !== TENSORFLOW_VERSION || manifest.binding !== BINDING_VERSION)
    throw corrupt(`made for TensorFlow ${manifest.tensorflow} and tfjs-node ${manifest.binding}`);
  for (const [file, expected] of Object.entries(manifest.files))
    if ((await sha256OfFile(join(unpacked, file)).catch(() => '')) !== expected) throw corrupt(`${file} is damaged`);
}
