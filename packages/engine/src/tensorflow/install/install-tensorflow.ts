import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { writeDurably } from '@consilium/durability';
import { ConsiliumError, errorCode } from '@consilium/errors';
import {
  BINDING_VERSION,
  engineFolder,
  type InstallationFolder,
  type InstallationRecord,
  layoutOf,
  TENSORFLOW_VERSION,
} from '../installation.js';
import { buildAddon, findCompiler, HEADERS } from './addon-build.js';
import { obtainBinding, unpackBinding } from './binding-package.js';
import { type Checked, checkDistribution, sha256OfFile } from './digest.js';
import { directorySource } from './directory-source.js';
import { indexSource } from './index-source.js';
import { lockInstallation } from './installation-lock.js';
import { findPip, pipSource } from './pip-source.js';
import { type Platform, requirePlatform, requireSpace } from './platform.js';
import { findPrebuilt, placePrebuilt } from './prebuilt-addon.js';
import type { DistributionSource, InstallContext, Obtained } from './source.js';
import { verifyInstallation } from './verify-installation.js';
import { openWheel, requirementsOf, type WheelFile } from './wheel-file.js';

export interface InstallOptions {
  /** With the CUDA libraries. */
  readonly gpu: boolean;
  /** Folder of wheels, tarballs and a prebuilt addon. */
  readonly from?: string | undefined;
  readonly index?: URL | undefined;
  /** SHA-256 of distributions that the operator vouches for. */
  readonly accepted: readonly string[];
  readonly engines?: string;
}

/** Download and installation of a CPU; of a GPU with the CUDA libraries. */
const NEEDED_BYTES = { cpu: 1.6e9, gpu: 14e9 };
const LIBRARIES = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];
/** Of a CUDA wheel: libraries, and what the compiler of kernels reads; not headers, tools and Python. */
const CUDA_MEMBER = /^nvidia\/(?:[^/]+\/lib\/[^/]+\.so[.\d]*|cuda_nvcc\/(?:nvvm\/libdevice\/.*\.bc|bin\/ptxas))$/;

/** The parts of one installation under way. */
interface Work {
  readonly options: InstallOptions;
  readonly platform: Platform;
  readonly source: DistributionSource;
  readonly downloads: string;
  readonly staging: InstallationFolder;
  readonly context: InstallContext;
}

/**
 * Brings TensorFlow into the user's data folder: binding, libraries, addon, a training step, the record; then, in one
 * rename, its place. An earlier installation stays in use until then. What was stopped goes on where it ended.
 *
 * Errors   BACK_END_UNAVAILABLE (not for this platform), ALREADY_RUNNING, DISK_FULL, STOPPED, those of the distributions,
 *          ENGINE_INSTALL_FAILED. After any but STOPPED, DISK_FULL and a broken download nothing is left.
 */
export async function installTensorflow(options: InstallOptions, context: InstallContext): Promise<InstallationRecord> {
  const platform = requirePlatform();
  const engines = options.engines ?? engineFolder();
  const downloads = join(engines, 'downloads');
  await mkdir(downloads, { recursive: true, mode: 0o700 });
  const lock = lockInstallation(join(engines, 'lock'));
  const staging = layoutOf(join(engines, 'tensorflow.partial'));
  const source = sourceOf(options, downloads);
  try {
    await requireSpace(engines, NEEDED_BYTES[options.gpu ? 'gpu' : 'cpu']);
    const record = await install({ options, platform, source, downloads, staging, context });
    await putInPlace(staging.root, join(engines, 'tensorflow'));
    await rm(downloads, { recursive: true, force: true });
    return record;
  } catch (error) {
    const canGoOn = ['STOPPED', 'ENGINE_DOWNLOAD_FAILED', 'DISK_FULL'].includes(errorCode(error));
    if (!canGoOn) await rm(staging.root, { recursive: true, force: true });
    throw context.signal.aborted && errorCode(error) !== 'STOPPED' ? new ConsiliumError('STOPPED', {}, error) : error;
  } finally {
    lock.release();
  }
}

/** What an installation would do here. */
export interface InstallationPreview {
  readonly folder: string;
  readonly addon: InstallationRecord['addon'];
  /** TensorFlow's wheel as it is asked for, and the file where it is at hand. */
  readonly wheel: string;
  readonly wheelFile: string | undefined;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/**
 * Looks whether an installation has what it needs, as far as that shows without a download. Changes nothing.
 *
 * Errors   as `installTensorflow` for what is missing.
 */
export async function previewInstallation(options: InstallOptions, signal: AbortSignal): Promise<InstallationPreview> {
  const platform = requirePlatform();
  const folder = options.engines ?? engineFolder();
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const neededBytes = NEEDED_BYTES[options.gpu ? 'gpu' : 'cpu'];
  const freeBytes = await requireSpace(existing, neededBytes);
  const addon = (await requireAddon(options, signal)) ? 'prebuilt' : 'built here';
  const { project, versions } = mainWheel(options, platform);
  const context = { report: () => {}, signal };
  const found =
    options.from === undefined
      ? undefined
      : await directorySource(options.from).wheel({ project, versions, ...platform }, context);
  if (options.from === undefined && options.index === undefined) await findPip(signal);
  const wheelFile = found && basename(found.path);
  return { folder, addon, wheel: `${project}${versions}`, wheelFile, neededBytes, freeBytes };
}

function sourceOf({ from, index }: InstallOptions, downloads: string): DistributionSource {
  if (from !== undefined) return directorySource(from);
  return index ? indexSource(index, downloads) : pipSource(downloads);
}

async function install(work: Work): Promise<InstallationRecord> {
  const { options, staging, context } = work;
  const sources: Checked[] = [];
  // What may be missing is looked for before hundreds of megabytes are fetched.
  const prebuilt = await requireAddon(options, context.signal);
  if (prebuilt) {
    const checked = await placePrebuilt(prebuilt, staging, options.accepted, context);
    if (checked) sources.push(checked);
  } else {
    const tarball = await obtainBinding(options.from, work.downloads, context);
    await unpackBinding(tarball, staging.binding);
    const sha256 = await sha256OfFile(tarball);
    sources.push({ file: basename(tarball), sha256, checkedAgainst: 'the table of this version' });
  }
  const files = await extractWheels(work, sources, prebuilt === undefined);
  if (!prebuilt) {
    await buildAddon(staging, context);
    await rm(join(staging.tensorflow, 'include'), { recursive: true });
    await rm(join(staging.binding, 'binding'), { recursive: true });
  }
  const { stepMs, device } = await verifyInstallation(staging, context);
  const record: InstallationRecord = {
    format: 1,
    tensorflow: TENSORFLOW_VERSION,
    binding: BINDING_VERSION,
    variant: options.gpu ? 'gpu' : 'cpu',
    platform: `${process.platform}-${process.arch}`,
    addon: prebuilt ? 'prebuilt' : 'built here',
    installedAt: new Date().toISOString(),
    sources,
    files: { ...Object.fromEntries(files), ...(await digestsBelow(staging)) },
    verifiedStepMs: stepMs,
    verifiedOn: device,
  };
  await writeDurably(staging.record, [Buffer.from(`${JSON.stringify(record, null, 2)}\n`)]);
  return record;
}

/** A prebuilt addon, undefined where one can be built. Errors  ENGINE_INSTALL_FAILED when neither. */
async function requireAddon({ from }: InstallOptions, signal: AbortSignal): Promise<ReturnType<typeof findPrebuilt>> {
  const prebuilt = findPrebuilt(from);
  if (prebuilt || (await findCompiler(signal))) return prebuilt;
  throw new ConsiliumError('ENGINE_INSTALL_FAILED', {
    reason: 'no prebuilt addon and no C++ compiler: install g++, or put the addon package into the folder of --from',
  });
}

function mainWheel({ gpu }: InstallOptions, { machine }: Platform): { project: string; versions: string } {
  const isCpuOnly = !gpu && machine === 'x86_64'; // elsewhere there is one wheel for both
  return { project: isCpuOnly ? 'tensorflow-cpu' : 'tensorflow', versions: `==${TENSORFLOW_VERSION}` };
}

/** TensorFlow's libraries, and for a GPU those of CUDA; answers the digest of each file that stays. */
async function extractWheels(work: Work, sources: Checked[], withHeaders: boolean): Promise<Map<string, string>> {
  const { options, platform, staging, context } = work;
  const files = new Map<string, string>();
  const cuda = await withWheel(work, mainWheel(options, platform), sources, async (wheel) => {
    for (const [name, sha256] of await wheel.extract(LIBRARIES, staging.root, context)) files.set(name, sha256);
    if (withHeaders) await wheel.extract(HEADERS, staging.root, context);
    if (!options.gpu) return [];
    const metadata = [...wheel.members.keys()].find((name) => /^[^/]+\.dist-info\/METADATA$/.test(name));
    return metadata ? requirementsOf(await wheel.readText(metadata), 'and-cuda') : [];
  });
  for (const requirement of cuda)
    await withWheel(work, requirement, sources, async (wheel) => {
      const members = [...wheel.members.keys()].filter((name) => CUDA_MEMBER.test(name));
      for (const [name, sha256] of await wheel.extract(members, staging.root, context)) files.set(name, sha256);
    });
  return files;
}

async function withWheel<T>(
  { options, platform, source, context }: Work,
  wanted: { readonly project: string; readonly versions: string },
  sources: Checked[],
  use: (wheel: WheelFile) => Promise<T>,
): Promise<T> {
  const obtained = await source.wheel({ ...wanted, ...platform }, context);
  try {
    const checked = await checkDistribution(obtained, options.accepted, context);
    const wheel = await openWheel(obtained.path, checked.file);
    try {
      const result = await use(wheel);
      sources.push(checked);
      return result;
    } finally {
      wheel.close();
    }
  } catch (error) {
    await dropCorrupt(error, obtained);
    throw error;
  }
}

/** A damaged download must not be met again by the next try; somebody's own file is left alone. */
async function dropCorrupt(error: unknown, { path, isDownload }: Obtained): Promise<void> {
  if (isDownload && errorCode(error) === 'ENGINE_DISTRIBUTION_CORRUPT') await rm(path, { force: true });
}

/** Digests of what did not come out of a wheel: upstream's JavaScript and the addon. */
async function digestsBelow(staging: InstallationFolder): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  const entries = await readdir(staging.binding, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...paths.sort(), staging.addon]) digests[relative(staging.root, path)] = await sha256OfFile(path);
  return digests;
}

/** In two renames: whoever looks in between finds no installation, never half of one. */
async function putInPlace(staging: string, place: string): Promise<void> {
  const old = `${place}.old`;
  await rm(old, { recursive: true, force: true });
  if (existsSync(place)) await rename(place, old);
  await rename(staging, place);
  await rm(old, { recursive: true, force: true });
}
