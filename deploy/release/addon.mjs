import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPackage, installTensorflow, MANIFEST } from '@consilium/engine';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Of an installation, what does not come out of a wheel. */
const PARTS = ['addon', 'tfjs-node'];

/**
 * Packs the addon of this platform, with upstream's JavaScript, into an npm package. It is taken out of an installation
 * that was made for it: compiled here, and verified with a training step.
 */
export async function packAddon({ out, from, report, signal }) {
  const work = mkdtempSync(join(tmpdir(), 'consilium-release-'));
  try {
    const engines = join(work, 'engines');
    const options = { gpu: false, from: from && resolve(from), accepted: [], engines };
    const record = await installTensorflow(options, { report, signal });
    if (record.addon !== 'built here')
      throw new Error('the folder of --from has a prebuilt addon: nothing was compiled');
    const folder = join(work, 'package');
    mkdirSync(folder);
    for (const part of PARTS) cpSync(join(engines, 'tensorflow', part), join(folder, part), { recursive: true });
    cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
    writeJson(join(folder, MANIFEST), manifestOf(record));
    writeJson(join(folder, 'package.json'), descriptionOf(record));
    return pack(folder, resolve(out));
  } finally {
    rmSync(work, { recursive: true });
  }
}

function manifestOf({ tensorflow, binding, platform, sources, files }) {
  const own = Object.entries(files).filter(([file]) => PARTS.some((part) => file.startsWith(`${part}/`)));
  return { tensorflow, binding, platform, sources, files: Object.fromEntries(own) };
}

function descriptionOf({ tensorflow, binding, platform }) {
  return {
    name: addonPackage(platform),
    version: JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version,
    description: `@tensorflow/tfjs-node ${binding} on TensorFlow ${tensorflow}: the addon, built.`,
    license: 'Apache-2.0',
    os: [process.platform],
    cpu: [process.arch],
    files: [...PARTS, MANIFEST],
  };
}

function pack(folder, out) {
  mkdirSync(out, { recursive: true });
  const packed = join(folder, '..', 'packed');
  mkdirSync(packed);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: folder });
  const [name] = readdirSync(packed);
  const file = join(out, name);
  cpSync(join(packed, name), file);
  return { file, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
