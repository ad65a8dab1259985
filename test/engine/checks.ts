import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, start } from './process.ts';

export interface Check {
  readonly name: string;
  run(): Promise<string>;
}

const CLI = fileURLToPath(new URL('../../apps/cli/bin/consilium.mjs', import.meta.url));
const RELEASE = fileURLToPath(new URL('../../deploy/release/run.mjs', import.meta.url));
const STEPS = fileURLToPath(new URL('train.ts', import.meta.url));
const STRIPPED = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
/** A place without any program: no compiler, no pip, no npm. */
const NO_PROGRAMS = { PATH: '/nonexistent' };

/** In order; each builds on what the ones before have left in `folder`. */
export function checks(folder: string): Check[] {
  const engines = join(folder, 'engines');
  const [from, damaged, offline] = ['from', 'damaged', 'offline'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [from, damaged, offline]) mkdirSync(made);
  const environment = { CONSILIUM_ENGINE_DIR: engines };
  const consilium = (words: string[], changes = {}) => start([CLI, ...words], { ...environment, ...changes });
  const install = (...words: string[]) => ['engine', 'install', 'tensorflow', ...words];
  const nothingIsInstalled = async () => {
    assert.deepEqual(JSON.parse((await succeeds(consilium(['engine', 'list', '--json']))).stdout), []);
    assert.deepEqual(left(engines), []);
  };
  return [
    {
      name: 'install from an empty folder through pip',
      run: async () => {
        const keeping = setInterval(() => keepWheel(join(engines, 'downloads'), from), 50);
        const { stdout } = await succeeds(consilium(install())).finally(() => clearInterval(keeping));
        assert.equal(wheels(from).length, 1);
        return stdout.trim().split('\n').slice(-2).join(' ');
      },
    },
    {
      name: 'doctor',
      run: async () => {
        const { stdout } = await consilium(['doctor', '--json']).ended;
        const row = (JSON.parse(stdout) as Finding[]).find(({ what }) => what === 'engine tensorflow');
        assert.equal(row?.works, true, row?.note);
        return row.note;
      },
    },
    {
      name: 'ten training steps',
      run: async () => (await succeeds(start([...STRIPPED, STEPS], environment))).stdout.trim(),
    },
    {
      name: 'list',
      run: async () => {
        const { stdout } = await succeeds(consilium(['engine', 'list']));
        assert.match(stdout, /^tensorflow \d+\.\d+\.\d+ \(cpu\)/);
        return stdout.split('\n')[0]!;
      },
    },
    {
      name: 'remove',
      run: async () => {
        await succeeds(consilium(['engine', 'remove', 'tensorflow']));
        await nothingIsInstalled();
        return 'nothing is left';
      },
    },
    {
      name: 'a wheel with one changed byte',
      run: async () => {
        const [wheel] = wheels(from);
        copyFileSync(join(from, wheel!), join(damaged, wheel!));
        flipByte(join(damaged, wheel!));
        const { code, stderr } = await consilium(install('--from', damaged)).ended;
        assert.notEqual(code, 0);
        assert.match(stderr, /ENGINE_DISTRIBUTION_CORRUPT/);
        await nothingIsInstalled();
        return 'refused with ENGINE_DISTRIBUTION_CORRUPT; nothing is left';
      },
    },
    {
      name: 'killed while it extracts, and started again',
      run: async () => {
        const first = consilium(install('--from', from));
        await first.says('extracting tensorflow/libtensorflow_cc');
        first.kill();
        assert.notEqual((await first.ended).code, 0);
        assert.deepEqual(left(engines), ['tensorflow.partial']);
        await succeeds(consilium(install('--from', from)));
        assert.deepEqual(left(engines), ['tensorflow']);
        return 'goes on and ends with an installation';
      },
    },
    {
      name: 'release -- addon, installed without compiler, pip and npm',
      run: async () => {
        const { stdout } = await succeeds(start([RELEASE, 'addon', '--from', from, '--out', offline], {}));
        const sha256 = /sha256 ([0-9a-f]{64})/.exec(stdout)?.[1];
        assert.ok(sha256, stdout);
        const [wheel] = wheels(from);
        linkSync(join(from, wheel!), join(offline, wheel!));
        const refused = await consilium(install('--from', offline), NO_PROGRAMS).ended;
        assert.match(refused.stderr, /ENGINE_DISTRIBUTION_UNVERIFIED/);
        await succeeds(consilium(install('--from', offline, '--sha256', sha256), NO_PROGRAMS));
        const listed = JSON.parse((await succeeds(consilium(['engine', 'list', '--json']))).stdout);
        assert.equal(listed[0].record.addon, 'prebuilt');
        return (await succeeds(start([...STRIPPED, STEPS], environment))).stdout.trim();
      },
    },
  ];
}

interface Finding {
  readonly what: string;
  readonly works: boolean;
  readonly note: string;
}

async function succeeds({ ended }: Ran): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await ended;
  assert.equal(code, 0, stderr.trim().split('\n').slice(-3).join(' | '));
  return { stdout };
}

const wheels = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.whl'));
const left = (engines: string) => readdirSync(engines).filter((name) => name.startsWith('tensorflow'));

/** The installer deletes what it downloads: a second link keeps it for the checks that have no network. */
function keepWheel(downloads: string, into: string): void {
  if (!existsSync(downloads)) return;
  for (const name of wheels(downloads))
    if (!existsSync(join(into, name))) linkSync(join(downloads, name), join(into, name));
}

function flipByte(path: string): void {
  const file = openSync(path, 'r+');
  const place = Math.floor(statSync(path).size / 2);
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, place);
  writeSync(file, Buffer.of(byte[0]! ^ 1), 0, 1, place);
}
