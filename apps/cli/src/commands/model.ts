import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
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
  const head = Object.keys(models[0]!).filter((name) => models.some((model) => isPlain(model[name])));
  print(
    formatTable(
      head,
      models.map((model) => head.map((name) => (isPlain(model[name]) ? String(model[name]) : ''))),
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
  await writeModel(client, digest, options.out);
  print(options.out);
}

/** Writes a model as safetensors; the file is whole or not there. */
export async function writeModel(client: CoordinatorClient, digest: string, file: string): Promise<void> {
  const temporary = path.join(path.dirname(path.resolve(file)), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    await pipeline(Readable.fromWeb(await client.safetensors(digest)), createWriteStream(temporary));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
