import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { list } from 'tar';
import { BINDING_VERSION } from '../installation.js';
import { listFolder } from './directory-source.js';
import { BINDING_INTEGRITY } from './pinned.js';
import { runTool } from './run-tool.js';
import type { InstallContext } from './source.js';

const PACKAGE = '@tensorflow/tfjs-node';
const TARBALL = `tensorflow-tfjs-node-${BINDING_VERSION}.tgz`;

/** Upstream's package as its tarball: from the given folder when it is there, else through the machine's npm. */
export async function obtainBinding(
  from: string | undefined,
  downloads: string,
  context: InstallContext,
): Promise<string> {
  const names = [TARBALL, `tfjs-node-${BINDING_VERSION}.tgz`];
  const found = from === undefined ? undefined : names.find((name) => listFolder(from).includes(name));
  const path = found ? join(from!, found) : await packWithNpm(downloads, context);
  await checkIntegrity(path);
  return path;
}

async function packWithNpm(downloads: string, context: InstallContext): Promise<string> {
  const path = join(downloads, TARBALL);
  const isHere = await readFile(path).then(
    () => true,
    () => false,
  );
  if (isHere) return path;
  const wanted = `${PACKAGE}@${BINDING_VERSION}`;
  context.report({ doing: `downloading ${wanted} with npm` });
  const temporary = join(downloads, 'npm');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const result = await runTool(['npm', 'pack', wanted, '--silent', '--pack-destination', temporary], context.signal);
  if (result.code !== 0) {
    const reason =
      result.code === 127
        ? 'there is no npm on this machine'
        : (result.stderr.split('\n').find((line) => /error/i.test(line)) ?? `npm ended with ${result.code}`);
    throw new ConsiliumError('ENGINE_DISTRIBUTION_MISSING', {
      wanted,
      reason: `${reason}; \`npm pack ${wanted}\` elsewhere gives ${TARBALL}, to be put into the folder of --from`,
    });
  }
  await rename(join(temporary, TARBALL), path);
  await rm(temporary, { recursive: true });
  return path;
}

/** Errors  ENGINE_DISTRIBUTION_CORRUPT. */
async function checkIntegrity(path: string): Promise<void> {
  const found = `sha512-${createHash('sha512')
    .update(await readFile(path))
    .digest('base64')}`;
  if (found !== BINDING_INTEGRITY)
    throw new ConsiliumError('ENGINE_DISTRIBUTION_CORRUPT', {
      file: basename(path),
      expected: BINDING_INTEGRITY,
      found,
    });
}

/** What is needed of upstream's package: its JavaScript without tests, its C++ sources, and its description. */
export async function unpackBinding(tarball: string, into: string): Promise<void> {
  await unpackTarball(tarball, into, (name) =>
    name.startsWith('dist/')
      ? /^dist\/.*(?<!_test)\.js$/.test(name)
      : name === 'package.json' || name.startsWith('binding/'),
  );
}

/** Writes the chosen files of an npm tarball, without its leading `package/`. Errors  ENGINE_DISTRIBUTION_CORRUPT. */
export async function unpackTarball(tarball: string, into: string, isWanted: (name: string) => boolean): Promise<void> {
  const files = new Map<string, Buffer[]>();
  try {
    await list({
      file: tarball,
      strict: true,
      onReadEntry: (entry) => {
        const name = entry.path.replace(/^package\//, '');
        const isInside = entry.type === 'File' && !name.startsWith('/') && !name.split('/').includes('..');
        if (!isInside || !isWanted(name)) return void entry.resume();
        const parts: Buffer[] = [];
        files.set(name, parts);
        entry.on('data', (part: Buffer) => parts.push(part));
      },
    });
  } catch (error) {
    throw new ConsiliumError(
      'ENGINE_DISTRIBUTION_CORRUPT',
      { file: basename(tarball), reason: 'not a tarball' },
      error,
    );
  }
  for (const [name, parts] of files) {
    await mkdir(dirname(join(into, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(into, name), Buffer.concat(parts), { mode: 0o600 });
  }
}
