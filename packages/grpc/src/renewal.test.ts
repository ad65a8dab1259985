import { randomBytes } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { createAuthority, issueCoordinatorCertificate, issueSiteCertificate } from '@consilium/pki';
import { expect, it } from 'vitest';
import { requireUnexpired, validityOf } from './index.js';
import { alpha, authority, codeOf, connect, coordinator, start } from './server.fixture.js';

const hosts = ['127.0.0.1'];

/** Serial number of the certificate that a new connection is shown. */
async function shown(port: number): Promise<string> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: alpha.ca,
    cert: alpha.certificate,
    key: alpha.key,
    ALPNProtocols: ['h2'],
  });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

it('renews the certificate of a server fifty times in the middle of an upload, and no call fails', async () => {
  const { client, port, server } = await start({
    hello: async () => ({ siteId: 'a' }),
    putChunks: async (requests) => {
      let bytesReceived = 0n;
      for await (const { piece } of requests) bytesReceived += BigInt(piece!.data.length);
      return { bytesReceived };
    },
  });
  const data = randomBytes(1 << 20);
  const serials = new Set([await shown(port)]);
  async function* pieces() {
    for (let n = 0; n < 50; n++) {
      server.door!.renew(await issueCoordinatorCertificate(authority, { hosts }));
      if (n % 10 === 9) serials.add(await shown(port));
      yield { piece: { data } };
    }
  }
  const uploading = client.putChunks(pieces());
  for (let n = 0; n < 20; n++) {
    const other = connect(port);
    expect((await other.hello({})).siteId).toBe('a');
    other.close();
  }
  expect((await uploading).bytesReceived).toBe(50n << 20n);
  expect(serials.size).toBe(6);
}, 30_000);

it('keeps its certificate when the new one does not belong to its key', async () => {
  const { port, server } = await start({ hello: async () => ({}) });
  const before = await shown(port);
  const other = await issueCoordinatorCertificate(authority, { hosts });
  expect(() => server.door!.renew({ ...other, key: coordinator.key })).toThrow(
    expect.objectContaining({ code: 'CERTIFICATE_INVALID' }),
  );
  expect(await shown(port)).toBe(before);
});

it('says how long a certificate is valid, from thirty days on with a warning, and what has expired', async () => {
  const authority = await createAuthority({ federation: 'north', validDays: 20 });
  const of = async (validDays: number) => issueSiteCertificate(authority, { siteId: 'alpha', validDays });
  const states = async (validDays: number) =>
    validityOf(await of(validDays)).map(({ what, daysLeft, state }) => [what, daysLeft, state]);
  expect(await states(365)).toEqual([
    ['certificate', 364, 'valid'],
    ['authority', 19, 'warned'],
  ]);
  expect((await states(30.5))[0]).toEqual(['certificate', 30, 'valid']);
  expect((await states(29.5))[0]).toEqual(['certificate', 29, 'warned']);
  const expired = await of(-0.002);
  expect((await states(-0.002))[0]).toEqual(['certificate', -1, 'expired']);
  expect(() => requireUnexpired(expired)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }));
  expect(() => requireUnexpired({ ...expired, certificate: 'none' })).toThrow(
    expect.objectContaining({ code: 'CERTIFICATE_INVALID' }),
  );
});

it("says that it is the server's certificate that has expired, and connects when it is renewed", async () => {
  const { client, server } = await start({ hello: async () => ({ siteId: 'a' }) });
  server.door!.renew(await issueCoordinatorCertificate(authority, { hosts, validDays: -0.002 }));
  expect(await codeOf(client.hello({}))).toBe('COORDINATOR_CERTIFICATE_EXPIRED');
  server.door!.renew(await issueCoordinatorCertificate(authority, { hosts }));
  const answer = async (): Promise<string> =>
    client.hello({}).then(
      ({ siteId }) => siteId,
      () => answer(),
    );
  expect(await answer()).toBe('a');
});
