import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { createAuthority, type IssuedCertificate, issueCoordinatorCertificate, issueSiteCertificate } from './index.js';

const authority = await createAuthority({ federation: 'north', validDays: 30 });
const coordinator = await issueCoordinatorCertificate(authority, { hosts: ['localhost', '127.0.0.1'] });

/** Connects a site to a coordinator over TLS 1.3; answers what the coordinator knows about the site. */
async function shakeHands(server: IssuedCertificate, client: IssuedCertificate, servername = 'localhost') {
  const listener = createServer({
    ca: server.ca,
    cert: server.certificate,
    key: server.key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const accepted = Promise.race([
    once(listener, 'secureConnection').then(([socket]) => (socket as TLSSocket).getPeerCertificate()),
    once(listener, 'tlsClientError').then(([error]) => Promise.reject(error)),
  ]);
  accepted.catch(() => {});
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername,
    ca: client.ca,
    cert: client.certificate,
    key: client.key,
  });
  try {
    await once(socket, 'secureConnect');
    return await accepted;
  } finally {
    socket.destroy();
    listener.close();
  }
}

it('a site and the coordinator of one federation shake hands', async () => {
  const site = await issueSiteCertificate(authority, { siteId: 'alpha-2' });
  const peer = await shakeHands(coordinator, site);
  expect(peer.subjectaltname).toBe('URI:consilium://north/site/alpha-2');
  expect(peer.subject.CN).toBe('alpha-2');
});

it('a site of another authority is refused, even one of the same name', async () => {
  const other = await createAuthority({ federation: 'north' });
  const stranger = { ...(await issueSiteCertificate(other, { siteId: 'alpha' })), ca: authority.certificate };
  await expect(shakeHands(coordinator, stranger)).rejects.toThrow();
});

it('a coordinator of another authority is refused by the site', async () => {
  const other = await createAuthority({ federation: 'north' });
  const false_ = { ...(await issueCoordinatorCertificate(other, { hosts: ['localhost'] })), ca: authority.certificate };
  const site = await issueSiteCertificate(authority, { siteId: 'alpha' });
  await expect(shakeHands(false_, site)).rejects.toThrow();
});

it('a site cannot pose as the coordinator', async () => {
  const site = await issueSiteCertificate(authority, { siteId: 'alpha' });
  await expect(shakeHands(site, site)).rejects.toThrow();
});

it('a coordinator is refused under a name that its certificate lacks', async () => {
  const site = await issueSiteCertificate(authority, { siteId: 'alpha' });
  await expect(shakeHands(coordinator, site, 'elsewhere.example')).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

it('a certificate that has run out is refused', async () => {
  const site = await issueSiteCertificate(authority, { siteId: 'alpha', validDays: -1 / 1440 });
  await expect(shakeHands(coordinator, site)).rejects.toThrow();
});

it('a certificate is signed by its authority, and only for its own use', async () => {
  const site = new X509Certificate((await issueSiteCertificate(authority, { siteId: 'alpha' })).certificate);
  const issuer = new X509Certificate(authority.certificate);
  expect(site.verify(issuer.publicKey)).toBe(true);
  expect(site.checkIssued(issuer)).toBe(true);
  expect(site.ca).toBe(false);
  expect(issuer.ca).toBe(true);
  expect(site.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
});

it('names that are not lower-case words are refused', async () => {
  for (const siteId of ['', 'Alpha', 'a/b', 'a,URI:consilium://north/site/b', 'a'.repeat(65)])
    await expect(issueSiteCertificate(authority, { siteId })).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
  await expect(createAuthority({ federation: 'no rth' })).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
});

it('an authority whose key cannot be read issues nothing', async () => {
  const broken = { ...authority, key: 'not a key' };
  await expect(issueSiteCertificate(broken, { siteId: 'alpha' })).rejects.toMatchObject({
    code: 'CERTIFICATE_INVALID',
  });
});
