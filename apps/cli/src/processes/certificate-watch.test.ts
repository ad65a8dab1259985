import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuthority, issueCoordinatorCertificate } from '@consilium/pki';
import { afterAll, expect, it } from 'vitest';
import { certificates } from '../commands/doctor.js';
import { certifyHosts, federationFolder, openAuthority, writeTlsFolder, writeWhole } from '../federation-folder.js';
import { CertificateWatch } from './certificate-watch.js';

const root = await mkdtemp(path.join(tmpdir(), 'consilium-certificates-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const HOSTS = ['127.0.0.1', 'localhost'];

async function folderWith(name: string, authorityDays: number) {
  const folder = federationFolder(path.join(root, name));
  await openAuthority(folder, 'north');
  const short = await createAuthority({ federation: 'north', validDays: authorityDays });
  await writeWhole(path.join(folder.authority, 'ca.pem'), short.certificate);
  await writeWhole(path.join(folder.authority, 'ca.key'), short.key);
  await certifyHosts(folder, short, HOSTS);
  const told: string[] = [];
  const serial = async () => new X509Certificate(await readFile(path.join(folder.tls, 'server.pem'))).serialNumber;
  const replace = async (validDays: number) =>
    writeTlsFolder(folder.tls, await issueCoordinatorCertificate(short, { hosts: HOSTS, validDays }), 'server');
  return {
    folder,
    told,
    serial,
    replace,
    watch: new CertificateWatch(folder, short, HOSTS, (said) => told.push(said)),
  };
}

it.each([
  [29.5, 'expires in 29 days'],
  [-3.5, 'expired 4 days ago'],
])('renews a certificate of %f days, once, and says so', async (days, end) => {
  const { folder, told, serial, replace, watch } = await folderWith(`renew${days}`, 3650);
  await replace(days);
  expect(await certificates(folder)).toEqual([
    expect.objectContaining({ works: false, note: end, advice: expect.stringContaining('consilium up') }),
    expect.objectContaining({ what: 'certificate authority', works: true }),
  ]);
  const before = await serial();
  await watch.look();
  const after = await serial();
  expect(after).not.toBe(before);
  await watch.look();
  expect(await serial()).toBe(after);
  expect(told).toEqual([
    `The coordinator's certificate ${end}; it has been renewed for a year. Sites have nothing to do.`,
  ]);
  expect((await certificates(folder)).every(({ works }) => works)).toBe(true);
});

it('leaves a certificate that is good for longer, and warns of an authority that is not', async () => {
  const { folder, told, serial, replace, watch } = await folderWith('authority', 12.5);
  await replace(40);
  const before = await serial();
  await watch.look();
  await watch.look();
  expect(await serial()).toBe(before);
  expect(told).toEqual([expect.stringContaining('authority expires in 12 days')]);
  expect(await certificates(folder)).toEqual([
    expect.objectContaining({ works: true, note: 'expires in 39 days' }),
    expect.objectContaining({ works: false, advice: expect.stringContaining('a new certificate for every site') }),
  ]);
});
