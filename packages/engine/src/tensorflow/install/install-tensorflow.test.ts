import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BINDING_VERSION, TENSORFLOW_VERSION } from '../installation.js';
import { installTensorflow, previewInstallation } from './install-tensorflow.js';
import { lockInstallation } from './installation-lock.js';
import { findInstalled, removeTensorflow } from './manage-installation.js';
import { addonPackage } from './prebuilt-addon.js';
import { makeWheel, sha256 } from './wheel.fixture.js';

const context = { report: () => {}, signal: new AbortController().signal };
const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const project = machine === 'aarch64' ? 'tensorflow' : 'tensorflow_cpu';
const PINNED_FILE = `${project}-${TENSORFLOW_VERSION}-cp311-cp311-manylinux_2_27_${machine}.whl`;
const OTHER_FILE = `${project}-${TENSORFLOW_VERSION}-cp399-cp399-manylinux_2_27_${machine}.whl`;

let folder: string;
let from: string;
let engines: string;
let addonDigest: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'install-'));
  [from, engines] = [join(folder, 'from'), join(folder, 'engines')];
  mkdirSync(from);
  addonDigest = await putAddon();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A prebuilt package whose addon is no library: everything but the training step can be done with it. */
async function putAddon(changes: Record<string, string> = {}): Promise<string> {
  const root = join(folder, 'package');
  const contents = { 'addon/tfjs_binding.node': 'no library', 'tfjs-node/dist/register_all_kernels.js': '// none' };
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const files = Object.fromEntries(Object.entries(contents).map(([name, text]) => [name, sha256(Buffer.from(text))]));
  const manifest = { tensorflow: TENSORFLOW_VERSION, binding: BINDING_VERSION, files, ...changes };
  writeFileSync(join(root, 'integrity.json'), JSON.stringify(manifest));
  const file = join(from, `${addonPackage().slice(1).replace('/', '-')}-0.1.0.tgz`);
  await create({ file, cwd: folder, gzip: true, portable: true }, ['package']);
  return sha256(readFileSync(file));
}

function putWheel(file: string, members: Record<string, string> = {}): string {
  const libraries = { 'tensorflow/libtensorflow_cc.so.2': 'cc', 'tensorflow/libtensorflow_framework.so.2': 'fw' };
  const bytes = makeWheel(`${project}-${TENSORFLOW_VERSION}`, { ...libraries, ...members });
  writeFileSync(join(from, file), bytes);
  return sha256(bytes);
}

const install = (...accepted: string[]) =>
  installTensorflow({ gpu: false, from, accepted: [addonDigest, ...accepted], engines }, context);
const left = () => readdirSync(engines).filter((name) => name.startsWith('tensorflow'));

it('refuses a wheel of a pinned name with other bytes, and leaves nothing', async () => {
  const found = putWheel(PINNED_FILE);
  await expect(install(found)).rejects.toMatchObject({
    code: 'ENGINE_DISTRIBUTION_CORRUPT',
    detail: { file: PINNED_FILE, found },
  });
  expect(left()).toEqual([]);
  expect(existsSync(join(from, PINNED_FILE))).toBe(true);
});

it('refuses a wheel that nothing vouches for, and says its digest', async () => {
  const sha256 = putWheel(OTHER_FILE);
  await expect(install()).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_UNVERIFIED', detail: { sha256 } });
  expect(left()).toEqual([]);
});

it('refuses an addon that nothing vouches for, and one of another version', async () => {
  const wheel = putWheel(OTHER_FILE);
  addonDigest = 'none';
  await expect(install(wheel)).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_UNVERIFIED' });
  addonDigest = await putAddon({ tensorflow: '2.9.1' });
  await expect(install(wheel)).rejects.toMatchObject({
    code: 'ENGINE_DISTRIBUTION_CORRUPT',
    detail: { reason: `made for TensorFlow 2.9.1 and tfjs-node ${BINDING_VERSION}` },
  });
  expect(left()).toEqual([]);
});

it('refuses what cannot take a training step; the installation before it stays', async () => {
  mkdirSync(join(engines, 'tensorflow'), { recursive: true });
  const record = { format: 1, tensorflow: TENSORFLOW_VERSION, binding: BINDING_VERSION, files: {} };
  writeFileSync(join(engines, 'tensorflow/record.json'), JSON.stringify(record));
  await expect(install(putWheel(OTHER_FILE))).rejects.toMatchObject({ code: 'ENGINE_INSTALL_FAILED' });
  expect(left()).toEqual(['tensorflow']);
  expect((await findInstalled(engines))?.record).toEqual(record);
});

it('says which wheel is wanted when the folder has none', async () => {
  await expect(install()).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_MISSING', detail: { where: from } });
});

it('refuses to run twice at once', async () => {
  mkdirSync(engines);
  const lock = lockInstallation(join(engines, 'lock'));
  await expect(install()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  lock.release();
});

it('removes an installation and what an unfinished one left; a second time there is none', async () => {
  for (const name of ['tensorflow', 'tensorflow.partial', 'downloads'])
    mkdirSync(join(engines, name), { recursive: true });
  await removeTensorflow(engines);
  expect(readdirSync(engines)).toEqual(['lock']);
  await expect(removeTensorflow(engines)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('tells a damaged installation from none', async () => {
  expect(await findInstalled(engines)).toBeUndefined();
  mkdirSync(join(engines, 'tensorflow'), { recursive: true });
  writeFileSync(join(engines, 'tensorflow/record.json'), '{"format":');
  await expect(findInstalled(engines)).rejects.toMatchObject({ code: 'ENGINE_INSTALLATION_CORRUPT' });
  writeFileSync(join(engines, 'tensorflow/record.json'), JSON.stringify({ format: 1, files: { gone: 'x' } }));
  await expect(findInstalled(engines)).rejects.toMatchObject({ detail: { file: 'gone' } });
});

it('a preview names the wheel and how the addon comes, or what is missing, and changes nothing', async () => {
  const preview = () => previewInstallation({ gpu: false, from, accepted: [], engines }, context.signal);
  await expect(preview()).rejects.toMatchObject({ code: 'ENGINE_DISTRIBUTION_MISSING', detail: { where: from } });
  putWheel(PINNED_FILE);
  expect(await preview()).toMatchObject({ addon: 'prebuilt', wheelFile: PINNED_FILE, folder: engines });
  expect(existsSync(engines)).toBe(false);
});
