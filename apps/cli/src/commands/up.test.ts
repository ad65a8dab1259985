import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueCoordinatorCertificate } from '@consilium/pki';
import { deletePostgres } from '@consilium/postgres';
import { afterAll, expect, it } from 'vitest';
import { daysLeft, federationFolder, openAuthority, readUp, writeTlsFolder } from '../federation-folder.js';
import { LAUNCHER, PLANS } from '../installation.js';

const root = await mkdtemp(path.join(tmpdir(), 'consilium-up-'));
const dir = path.join(root, 'federation');
const ports = ['--http-port', '0', '--grpc-port', '0'];

afterAll(async () => {
  await consilium('down').catch(() => {});
  await deletePostgres(federationFolder(dir).postgres);
  await rm(root, { recursive: true, force: true });
});

/** The built command on the folder of this test. Errors  with code and output when it ends with another code than 0. */
async function consilium(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, CONSILIUM_DIR: dir };
    execFile(process.execPath, [LAUNCHER, ...words], { env }, (failure, out, error) =>
      failure ? reject(new Error(`${(failure as ExecFileException).code}: ${error}`)) : resolve(out),
    );
  });
}

/** Files and folders of a federation, but for PostgreSQL's own, that another user of the machine could read or enter. */
async function openToOthers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const place = path.join(entry.parentPath, entry.name);
    const isPostgres = path.relative(folder, place).startsWith('postgres');
    if (!isPostgres && (await stat(place)).mode & 0o077) found.push(path.relative(folder, place));
  }
  return found;
}

/** Opens the printed address as a browser does: it is exchanged for a cookie, and the cookie opens the page. */
async function page(out: string): Promise<number> {
  const [address] = /http:\S+/.exec(out)!;
  const redirect = await fetch(address, { redirect: 'manual' });
  const cookie = redirect.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (await fetch(new URL(address).origin, { headers: { cookie } })).status;
}

it('goes up in the background, answers with its token, and goes down', async () => {
  const out = await consilium('up', '--detach', '--federation', 'north', ...ports);
  expect(out).toContain('Federation north is up.');
  expect(await page(out)).toBe(200);
  expect(await page(out)).toBe(401);
  expect(await page(await consilium('page'))).toBe(200);
  const token = (await readFile(federationFolder(dir).token, 'utf8')).trim();
  expect(out).not.toContain(token);
  expect(await openToOthers(dir)).toEqual([]);
  await expect(consilium('up', ...ports)).rejects.toThrow(/1: ALREADY_RUNNING/);
  expect(await consilium('run', 'list')).toBe('There is no run yet.\n');
  await expect(consilium('run', 'start', path.join(PLANS, 'phantom-segmentation.yaml'))).rejects.toThrow(
    /^1: [A-Z_]+: /,
  );
  await expect(consilium('run', 'show', '00000000-0000-4000-8000-000000000000')).rejects.toThrow(/1: RUN_NOT_FOUND/);
  expect(await consilium('down')).toBe('stopped\n');
  await expect(consilium('down')).rejects.toThrow(/1: NOT_RUNNING/);
  await expect(page(out)).rejects.toThrow();
}, 60_000);

const isAnswering = () =>
  consilium('page').then(
    async (out) => (await page(out)) === 200,
    () => false,
  );

it('starts a coordinator again that was killed, and comes back after everything was; renews a certificate that ends', async () => {
  const folder = federationFolder(dir);
  const authority = await openAuthority(folder, undefined);
  const short = await issueCoordinatorCertificate(authority, { hosts: ['localhost', '127.0.0.1'], validDays: 5 });
  await writeTlsFolder(folder.tls, short, 'server');
  await consilium('up', '--detach', ...ports);
  const first = (await readUp(federationFolder(dir)))!;
  expect(await daysLeft(path.join(folder.tls, 'server.pem'))).toBeGreaterThan(300);
  process.kill(first.coordinatorPid, 'SIGKILL');
  const again = await until(async () => {
    const up = await readUp(federationFolder(dir));
    const isBack = up?.coordinatorPid !== first.coordinatorPid && (await isAnswering());
    return isBack ? up : undefined;
  });
  process.kill(first.pid, 'SIGKILL');
  process.kill(again.coordinatorPid, 'SIGKILL');
  const second = await consilium('up', '--detach', ...ports);
  expect(await page(second)).toBe(200);
  process.kill((await readUp(federationFolder(dir)))!.pid, 'SIGKILL');
  expect(await consilium('down')).toBe('stopped\n');
  await expect(page(second)).rejects.toThrow();
}, 60_000);

it('issues a site all that its agent needs, and adds a new host to the certificate of the coordinator', async () => {
  const out = path.join(root, 'st-anna');
  await consilium('site', 'certificate', 'st-anna', '--out', out, '--coordinator', 'fl.example.org:4443');
  expect(JSON.parse(await readFile(path.join(out, 'site.json'), 'utf8'))).toEqual({
    federation: 'north',
    siteId: 'st-anna',
    coordinator: ['fl.example.org:4443'],
  });
  for (const name of ['ca.pem', 'site.pem', 'site.key'])
    expect((await stat(path.join(out, 'tls', name))).mode & 0o077).toBe(0);
  expect(JSON.parse(await readFile(federationFolder(dir).settings, 'utf8')).hosts).toContain('fl.example.org');
  expect(await consilium('site', 'status', '--dir', out)).toContain('st-anna of north');
  await expect(
    consilium('site', 'certificate', 'st-anna', '--out', out, '--coordinator', 'fl.example.org:4443'),
  ).rejects.toThrow(/^1: /);
  await expect(consilium('site', 'certificate', 'x', '--out', `${out}2`, '--coordinator', 'nowhere')).rejects.toThrow(
    /^1: CONFIG_INVALID/,
  );
});

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('waited in vain');
}
