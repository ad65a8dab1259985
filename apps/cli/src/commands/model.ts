import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CoordinatorClient } from '../coordinator-client.js';
import type { Environment } from '../env.js';
import { chosenFolder, connectTo } from '../federation-folder.js';
import { formatTable, print, printJson } from '../terminal.js';

interface Options {
  readonly dir?: string;
  readonly json?: boolean;
}

/** `consilium model list`. */
export async function listModels(options: Options, environment: Environment): Promise<void> {
  const client = await connectTo(await chosenFolder(options.dir, environment.federationFolder));
  const models = await client.models();
  if (options.json) return printJson(models);
  if (models.length === 0) return print('There is no model yet.');
  print(
    formatTable(
      ['plan', 'round', 'origin', 'site', 'parameters', 'digest'],
      models.map(({ digest, parameters, versions }) => {
        // The same weights may have come out of several runs; the first of them says enough.
        const [first] = versions;
        const from = [first?.planName ?? '', first ? String(first.round) : '', first?.origin ?? '', first?.site ?? ''];
        return [...from, String(parameters), digest];
      }),
    ),
  );
}

/** `consilium model export`. */
export async function exportModel(
  digest: string,
  options: Options & { readonly out: string },
  environment: Environment,
): Promise<void> {
  const client = await connectTo(await chosenFolder(options.dir, environment.federationFolder));
  await mkdir(path.dirname(path.resolve(options.out)), { recursive: true });
  await writeModel(client, digest, options.out);
  print(options.out);
}

/** Writes a model as safetensors; the file is whole or not there. */
export async function writeModel(client: CoordinatorClient, digest: string, file: string): Promise<void> {
  const temporary = path.join(path.dirname(path.resolve(file)), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    await pipeline(Readable.fromWeb(await client.safetensors(digest)), createWriteStream(temporary, { mode: 0o600 }));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
