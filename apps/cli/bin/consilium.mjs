#!/usr/bin/env node
// Plain JavaScript: it must speak clearly on a Node that is too old, and before anything is built.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE = [22, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
const built = new URL('../dist/main.js', import.meta.url);

if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1]))
  refuse(`Consilium needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.versions.node}. Install Node 24.`);
else if (!existsSync(fileURLToPath(built))) refuse('Consilium is not built yet: run `npm run build` first.');
else await import(built.href);

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
