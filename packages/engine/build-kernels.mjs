/**
 * Builds the kernels: node packages/engine/build-kernels.mjs
 * assembly/*.ts -> kernels/*.wasm, plain and relaxed SIMD, with own and with shared memory.
 * Skips the work when a stamp says that the kernels are from these sources and this compiler.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const sources = join(here, 'assembly');
const kernels = join(here, 'kernels');
const stampFile = join(kernels, 'stamp.json');
const shared = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];
const relaxed = ['--enable', 'relaxed-simd', '--use', 'RELAXED=1'];

const VARIANTS = {
  'plain.wasm': [],
  'relaxed.wasm': relaxed,
  'plain-shared.wasm': shared,
  'relaxed-shared.wasm': [...relaxed, ...shared],
};

const stamp = sourceStamp();
if (readStamp() === stamp) {
  console.log('kernels: up to date');
} else {
  rmSync(stampFile, { force: true });
  mkdirSync(kernels, { recursive: true });
  const compilerFolder = dirname(require.resolve('assemblyscript/package.json'));
  const compiler = await import(pathToFileURL(join(compilerFolder, 'dist/asc.js')));
  for (const [name, options] of Object.entries(VARIANTS)) await build(compiler, name, options);
  writeFileSync(stampFile, `${JSON.stringify({ stamp })}\n`);
  console.log(`kernels: built ${Object.keys(VARIANTS).join(', ')}`);
}

/** Writes beside the target and renames, so that a process that runs keeps the file it has open. */
async function build(compiler, name, options) {
  const out = join(kernels, `${name}.${process.pid}`);
  const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd'];
  const { error, stderr } = await compiler.main([join(sources, 'index.ts'), ...common, ...options, '-o', out]);
  if (error) throw new Error(`${name}: ${error.message}\n${stderr}`);
  renameSync(out, join(kernels, name));
}

function sourceStamp() {
  const hash = createHash('sha256');
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(JSON.stringify(require('assemblyscript/package.json').version));
  for (const file of readdirSync(sources).sort()) hash.update(`${file}\n`).update(readFileSync(join(sources, file)));
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8')).stamp;
  } catch {
    return undefined;
  }
}
