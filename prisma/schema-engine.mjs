#!/usr/bin/env node
// Stands in for Prisma's native `schema-engine`: the same arguments and line-delimited JSON-RPC on stdio, on top of the engine's
// WebAssembly build from npm and a driver adapter, so that nothing is downloaded. For development only:
//   PRISMA_SCHEMA_ENGINE_BINARY=prisma/schema-engine.mjs prisma migrate dev --config prisma/prisma.config.ts
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const CATALOG_CHAR = 18;
const TEXT = 25;

/**
 * Two repairs that adapter-pg 7.10 needs under the migration engine: it has no mapping for the catalog's type "char", and its
 * executeScript() splits on every ';', which breaks PL/pgSQL bodies.
 */
function repair(queryable) {
  const performIO = queryable.performIO.bind(queryable);
  queryable.performIO = async (query) => {
    const result = await performIO(query);
    for (const field of result.fields ?? []) if (field.dataTypeID === CATALOG_CHAR) field.dataTypeID = TEXT;
    return result;
  };
  queryable.executeScript = async (script) => {
    try {
      await queryable.client.query(script);
    } catch (error) {
      queryable.onError(error);
    }
  };
  if (queryable.startTransaction) {
    const startTransaction = queryable.startTransaction.bind(queryable);
    queryable.startTransaction = async (isolation) => repair(await startTransaction(isolation));
  }
  return queryable;
}

class Factory {
  provider = 'postgres';
  adapterName = '@prisma/adapter-pg';
  constructor(url, shadowUrl) {
    this.url = url;
    this.shadowUrl = shadowUrl;
  }
  async connect() {
    return repair(await new PrismaPg({ connectionString: this.url }).connect());
  }
  /** The adapter's own one names the database apart from the URL, and pg lets the URL win: the shadow would be the real one. */
  async connectToShadowDb() {
    if (this.shadowUrl) return repair(await new PrismaPg({ connectionString: this.shadowUrl }).connect());
    const name = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
    const admin = new pg.Client({ connectionString: this.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    const adapter = repair(await new PrismaPg({ connectionString: url.href }).connect());
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      await admin.end();
    };
    return adapter;
  }
}

const require = createRequire(import.meta.url);
const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
const wasmPath = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm');
const { instance } = await WebAssembly.instantiate(await readFile(wasmPath), { './schema_engine_bg.js': glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
const datasource = values.datasource ? JSON.parse(values.datasource) : {};

if (positionals[0] === 'cli') process.exit(await databaseCommand(positionals[1]));
await serve();

/** `cli can-connect-to-database | create-database | drop-database` */
async function databaseCommand(command) {
  const database = decodeURIComponent(new URL(datasource.url).pathname.slice(1));
  process.stderr.write('\n');
  try {
    const client = new pg.Client({
      connectionString: datasource.url,
      ...(command === 'can-connect-to-database' ? {} : { database: 'postgres' }),
    });
    await client.connect();
    if (command === 'create-database') await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    if (command === 'drop-database')
      await client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`);
    await client.end();
    return 0;
  } catch (error) {
    const code = error.code === '3D000' ? 'P1003' : ['28P01', '28000'].includes(error.code) ? 'P1000' : 'P1001';
    const fields = { message: error.message || error.code, error_code: code };
    process.stderr.write(`${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}\n`);
    return 1;
  }
}

async function serve() {
  const datamodels = [];
  for (const file of values.datamodels ?? []) datamodels.push([file, await readFile(file, 'utf8')]);
  let engine;
  const engineOnce = async () => {
    engine ??= await glue.SchemaEngine.new(
      { datamodels: datamodels.length > 0 ? datamodels : undefined },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(
        new Factory(datasource.url ?? 'postgresql://127.0.0.1:1/none', datasource.shadowDatabaseUrl),
      ),
    );
    return engine;
  };
  // One request after another: the engine is one session.
  let last = Promise.resolve();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim()) last = last.then(() => handle(line, engineOnce));
  });
  lines.on('close', () => last.then(() => process.exit(0)));
}

async function handle(line, engineOnce) {
  const { id, method, params } = JSON.parse(line);
  // An answer to one of our own print requests has no method.
  if (!method) return;
  const reply = (body) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...body })}\n`);
  try {
    const engine = await engineOnce();
    if (method === 'createDatabase') return reply({ result: { databaseName: '' } });
    const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params);
    if (typeof result?.stdout === 'string') {
      const print = { id: `print-${id}`, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } };
      process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...print })}\n`);
    }
    reply({ result: result ?? null });
  } catch (error) {
    const data = { is_panic: false, meta: null, ...described(error) };
    reply({ error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
  }
}

/** The engine packs message and code into a JSON string. */
function described(error) {
  const message = error?.message ?? String(error);
  try {
    const packed = JSON.parse(message);
    return { message: packed.message ?? message, error_code: packed.error_code ?? error?.code };
  } catch {
    return { message, error_code: error?.code };
  }
}
