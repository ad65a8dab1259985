// `npm run release -- addon [--out DIR] [--from DIR]`: what is built for others to install.
import { parseArgs } from 'node:util';
import { packAddon } from './addon.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: '.data/release' }, from: { type: 'string' } },
});
if (positionals.length !== 1 || positionals[0] !== 'addon') {
  process.stderr.write('usage: npm run release -- addon [--out DIR] [--from DIR]\n');
  process.exit(2);
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
let last = '';
const report = ({ doing }) => {
  if (doing !== last && !doing.includes('/include/')) process.stderr.write(`${doing}\n`);
  last = doing;
};
const { file, sha256 } = await packAddon({ ...values, report, signal: stop.signal });
process.stdout.write(`${file}\n  sha256 ${sha256}\n`);
