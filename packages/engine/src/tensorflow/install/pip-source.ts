import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { PINNED_SHA256 } from './pinned.js';
import { runTool } from './run-tool.js';
import type { DistributionSource, InstallContext } from './source.js';
import { chooseWheel, parseWheelName, type WheelRequest } from './wheel-name.js';

const CALLS = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const;
/** Wheels are looked for as if this Python were here: the libraries inside do not depend on it. */
const PYTHON_VERSION = '3.13';
const OLDEST_GLIBC_MINOR = 5;

/** The machine's own pip, with whatever index and proxy it is set up for. Errors  ENGINE_DISTRIBUTION_MISSING, ENGINE_DOWNLOAD_FAILED. */
export function pipSource(downloads: string): DistributionSource {
  return {
    wheel: async (request, context) => {
      const whole = chooseWheel(await readdir(downloads), request);
      if (whole) return { path: join(downloads, whole.file), isDownload: true };
      // A folder of its own: what is there when pip has ended is whole.
      const folder = await mkdtemp(join(downloads, 'pip-'));
      try {
        const file = await pipDownload(folder, request, context);
        await rename(join(folder, file), join(downloads, file));
        return { path: join(downloads, file), isDownload: true };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function pipDownload(folder: string, request: WheelRequest, context: InstallContext): Promise<string> {
  const pip = await findPip(context.signal);
  const wanted = `${request.project}${pinnedVersion(request) ?? request.versions}`;
  context.report({ doing: `downloading ${wanted} with ${pip.join(' ')}` });
  const words = ['download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--progress-bar=off'];
  const target = ['--python-version', PYTHON_VERSION, '--implementation', 'cp', ...platforms(request)];
  const result = await runTool([...pip, ...words, ...target, '--dest', folder, wanted], context.signal);
  const file = chooseWheel(await readdir(folder), request)?.file;
  if (result.code === 0 && file) return file;
  const reason =
    result.stderr.split('\n').findLast((line) => line.startsWith('ERROR')) ?? `pip ended with ${result.code}`;
  const isMissing = /no matching distribution|could not find a version/i.test(result.stderr);
  throw new ConsiliumError(isMissing ? 'ENGINE_DISTRIBUTION_MISSING' : 'ENGINE_DOWNLOAD_FAILED', { wanted, reason });
}

/** Errors  ENGINE_DISTRIBUTION_MISSING when there is none. */
export async function findPip(signal: AbortSignal): Promise<readonly string[]> {
  for (const call of CALLS) if ((await runTool([...call, '--version'], signal)).code === 0) return call;
  throw new ConsiliumError('ENGINE_DISTRIBUTION_MISSING', {
    reason: 'there is no pip on this machine; use --from with a folder of wheels, or --index',
  });
}

/** The version that our table has, where the request leaves a choice. */
function pinnedVersion(request: WheelRequest): string | undefined {
  const name = chooseWheel(Object.keys(PINNED_SHA256), request);
  return name && `==${parseWheelName(name.file)!.version}`;
}

/** pip takes exact platform tags only, so every C library up to the one here is named. */
function platforms({ machine, glibc }: WheelRequest): string[] {
  const newest = Number(glibc.split('.')[1]);
  const minors = Array.from({ length: newest - OLDEST_GLIBC_MINOR + 1 }, (_, i) => newest - i);
  const tags = [...minors.map((minor) => `manylinux_2_${minor}`), 'manylinux2014', 'manylinux2010', 'manylinux1'];
  return tags.flatMap((tag) => ['--platform', `${tag}_${machine}`]);
}
