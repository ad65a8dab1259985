import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Who may write to a terminal, a log or a page: everything else goes through these, and they through `printable` or `htmlText`.
 * To add one, say why here.
 */
const WRITERS: Readonly<Record<string, readonly Way[]>> = {
  'apps/cli/src/terminal.ts': ['standard stream'],
  'apps/site-agent/src/platform/terminal.ts': ['standard stream'],
  'apps/coordinator/src/platform/logger.ts': ['log', 'standard stream'],
  'apps/site-agent/src/platform/logger.ts': ['log'],
  // Its template escapes what is put in; the style sheet is a constant.
  'apps/coordinator/src/status-page/html.ts': ['markup'],
  'apps/coordinator/src/status-page/parts.ts': ['markup'],
  // Speaks before anything is built, of Node's version alone.
  'apps/cli/bin/consilium.mjs': ['standard stream'],
  // The site's own program, which has its own writer.
  'apps/cli/src/commands/site-agent.ts': ['inherited stream'],
  // A program of its own: figures as JSON for the process that reads them.
  'packages/engine/src/tensorflow/install/training-step.ts': ['standard stream'],
  // Build steps of a checkout.
  'packages/engine/build-kernels.mjs': ['console'],
};

/** What a page runs; text that comes back through HTTP as a page is made by `html` alone. */
const MARKUP = /^(innerHTML|outerHTML|insertAdjacentHTML|srcdoc|dangerouslySetInnerHTML)$/;
const DEVICES = /^\/(dev\/(stdout|stderr|tty|fd\/[12])|proc\/self\/fd\/[12])$/;
const WRITES = /^(write|writev|writeSync|writevSync|writeFile|writeFileSync|appendFile|appendFileSync)$/;
/** No way out is written without one of these words. */
const MAYBE = /process|console|pino|html|document|srcdoc|stdio|fd|write|append|\/dev|\/proc/i;
const STREAMS = /^(stdout|stderr|_rawDebug)$/;

type Way = 'standard stream' | 'console' | 'log' | 'markup' | 'inherited stream';

it('nothing reaches a terminal, a log or a page but through the writers', () => {
  const around = sources().flatMap((file) =>
    waysOut(readFileSync(path.join(ROOT, file), 'utf8'), file)
      .filter(({ way }) => !(WRITERS[file] ?? []).includes(way))
      .map(({ line, way, what }) => `${file}:${line}: ${what} (${way}) goes around the writers`),
  );
  expect(around).toEqual([]);
});

it('every writer of the list is one', () => {
  const idle = Object.entries(WRITERS).flatMap(([file, ways]) => {
    const found = waysOut(readFileSync(path.join(ROOT, file), 'utf8'), file).map(({ way }) => way);
    return ways.filter((way) => !found.includes(way)).map((way) => `${file}: ${way}`);
  });
  expect(idle).toEqual([]);
});

it('what strangers wrote is made printable by one function, that escapes for pages by another', () => {
  const home = 'packages/errors/src/printable.ts';
  const own = sources().filter((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    return (
      /replace(All)?\(\s*\/[^/\n]*(\\p\{Cc\}|\\x7f|\\u009f|\\u202[a-e]|\\u001b|\\x1b)/i.test(text) ||
      text.includes('&lt;')
    );
  });
  // De-identification changes values of files by what DICOM allows in them.
  const values = 'packages/dicom/src/deidentification/replacement-values.ts';
  expect(own.filter((file) => file !== values)).toEqual([home]);
});

it('sees every way that is known', () => {
  const source = `
process.stdout.write(a);
process['stderr'].write(a);
globalThis.process.stdout.write(a);
const { stdout } = process;
import { stderr as e } from 'node:process';
import p from 'process';
console.log(a);
const { warn } = console;
(await import('node:process')).stdout;
writeSync(1, a);
fs.writeFileSync(2, a);
createWriteStream('/dev/stderr');
open(\`/proc/self/fd/1\`);
createWriteStream('', { fd: 1 });
pino(options);
process.emitWarning(a);
process._rawDebug(a);
element.innerHTML = a;
element['outerHTML'] = a;
document.write(a);
spawn(a, [], { stdio: 'inherit' });
spawn(a, [], { stdio: ['ignore', 'inherit', 2] });
new Html(a);
reply.type('text/html');
const q = process;
require('node:console');`;
  const lines = source.split('\n');
  const seen = new Set(waysOut(source, 'x.ts').map(({ line }) => line));
  expect(lines.filter((text, index) => text !== '' && !seen.has(index + 1))).toEqual([]);
});

it('takes nothing else for one', () => {
  const source = `
import { platform } from 'node:process';
// process.stdout.write(a); console.log(a)
const text = 'process.stdout, console.log and innerHTML';
const { stdout } = await run('ls');
result.stderr.trim();
child.stdout.on('data', f);
process.exitCode = process.argv.length;
process.on('exit', f);
writeSync(fd, 1);
fetch(a, { accept: 'text/html' });
spawn(a, [], { stdio: ['ignore', 'pipe', log.fd] });`;
  expect(waysOut(source, 'x.ts')).toEqual([]);
});

interface WayOut {
  readonly line: number;
  readonly way: Way;
  readonly what: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** By the syntax tree: neither comments nor texts are taken for code, and no way of writing it hides a name. */
function waysOut(source: string, file: string): WayOut[] {
  if (!MAYBE.test(source)) return [];
  const { program, errors } = parseSync(file, source);
  expect(errors.map(({ message }) => `${file}: ${message}`)).toEqual([]);
  const found: WayOut[] = [];
  const visit = (node: Node, parents: readonly Node[]) => {
    const way = wayOf(node, parents);
    if (way !== undefined) {
      const line = source.slice(0, node.start).split('\n').length;
      found.push({ line, way, what: source.slice(node.start, node.end).split('\n')[0]!.slice(0, 60) });
    }
    for (const child of childrenOf(node)) visit(child, [node, ...parents]);
  };
  visit(program as unknown as Node, []);
  return found;
}

function wayOf(node: Node, [parent]: readonly Node[]): Way | undefined {
  const field = node.type === 'MemberExpression' ? nameOf(node.property) : undefined;
  if (node.type === 'Identifier' && isReference(node, parent)) {
    if (node.name === 'console') return 'console';
    // Named by its members only: an alias would hide the streams.
    if (node.name === 'process' && parent?.type !== 'MemberExpression' && parent?.type !== 'UnaryExpression')
      return 'standard stream';
  }
  if (field !== undefined && isProcess(node.object) && (STREAMS.test(field) || field === 'emitWarning'))
    return 'standard stream';
  if (field !== undefined && (MARKUP.test(field) || (field.startsWith('write') && nameOf(node.object) === 'document')))
    return 'markup';
  if (node.type === 'ImportDeclaration' && node.importKind !== 'type') {
    const from = String((node.source as Node).value).replace(/^node:/, '');
    if (from === 'process' && namesStream(node.specifiers as Node[])) return 'standard stream';
    if (from === 'console') return 'console';
  }
  if (node.type === 'Literal' && isStreamModule(node, parent)) return 'standard stream';
  const text = node.type === 'Literal' ? node.value : node.type === 'TemplateElement' ? (node.value as Node).raw : '';
  if (typeof text === 'string' && DEVICES.test(text)) return 'standard stream';
  if (typeof text === 'string' && /^text\/html\b/.test(text) && isAnswered(node, parent)) return 'markup';
  if (node.type === 'CallExpression') return wayOfCall(node);
  if (node.type === 'NewExpression' && nameOf(node.callee) === 'Html') return 'markup';
  if (node.type !== 'Property') return undefined;
  const key = nameOf(node.key);
  if (key === 'fd' && isStandard(node.value)) return 'standard stream';
  if (key === 'stdio' && isInherited(node.value)) return 'inherited stream';
  return undefined;
}

function wayOfCall(call: Node): Way | undefined {
  const callee = call.callee as Node;
  const name = nameOf(callee.type === 'MemberExpression' ? callee.property : callee);
  const [first] = call.arguments as Node[];
  if (name === 'pino') return 'log';
  if (name !== undefined && WRITES.test(name) && first !== undefined && isStandard(first)) return 'standard stream';
  return undefined;
}

/** `import('node:process')`, `require('console')`. */
function isStreamModule(node: Node, parent: Node | undefined): boolean {
  const isLoaded =
    parent?.type === 'ImportExpression' || (parent?.type === 'CallExpression' && nameOf(parent.callee) === 'require');
  return isLoaded && /^(node:)?(process|console)$/.test(String(node.value));
}

/** The default and the whole are the process, which is known by its own name alone. */
function namesStream(specifiers: readonly Node[]): boolean {
  return specifiers.some(({ type, imported }) => {
    const name = type === 'ImportSpecifier' ? nameOf(imported) : 'default';
    return name === 'default' || name === 'emitWarning' || STREAMS.test(name ?? '');
  });
}

/** `'content-type': 'text/html'`, or the argument of a call. */
function isAnswered(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'Property') return /^content-type$/i.test(nameOf(parent.key) ?? '');
  return parent?.type === 'CallExpression' && parent.callee !== node;
}

function isProcess(node: unknown): boolean {
  const { type, object, property } = node as Node;
  if (type === 'MemberExpression') return nameOf(property) === 'process' && nameOf(object) === 'globalThis';
  return nameOf(node) === 'process';
}

/** Not a key, and not the name of a member. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed === true;
  if (parent?.type === 'Property') return parent.value === node || parent.computed === true;
  return !/^(Method|Property)Definition$|^TS|ImportSpecifier$|^ImportDefaultSpecifier$/.test(parent?.type ?? '');
}

function isStandard(node: unknown): boolean {
  const { type, value } = node as Node;
  return type === 'Literal' && (value === 1 || value === 2);
}

/** Of the three streams, that of input is not asked for. */
function isInherited(node: unknown): boolean {
  const { type, value, elements } = node as Node;
  if (type === 'Literal') return value === 'inherit';
  if (type !== 'ArrayExpression') return false;
  return (elements as Node[]).slice(1).some((one) => one.value === 'inherit' || isStandard(one));
}

function nameOf(node: unknown): string | undefined {
  const { type, name, value } = node as Node;
  if (type === 'Identifier') return name as string;
  return type === 'Literal' && typeof value === 'string' ? value : undefined;
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value === 'object' && value !== null && 'type' in value);
}

/** What runs at a hospital or a coordinator; tests and generated code do not. */
function sources(): string[] {
  return (
    ['apps', 'packages']
      .flatMap((group) => readdirSync(path.join(ROOT, group)).map((name) => path.join(group, name)))
      .flatMap((dir) =>
        readdirSync(path.join(ROOT, dir), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|js|mjs|cjs|html)$/.test(entry.name))
          .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name))),
      )
      // Kernels are AssemblyScript, which has no streams.
      .filter(
        (file) =>
          !/[\\/](node_modules|dist|generated|gen|assembly)[\\/]|\.(test|contract|fixture)\.|\.d\.ts$/.test(file),
      )
  );
}
