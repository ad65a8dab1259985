import { ConsiliumError } from '@consilium/errors';
import { createAuthority, issueCoordinatorCertificate, issueSiteCertificate } from '@consilium/pki';
import { CoordinatorService } from '@consilium/proto';
import { expect, it } from 'vitest';
import {
  addService,
  createClient,
  createServer,
  listen,
  type ServerCall,
  serviceDefinition,
  siteIdentity,
  stopServer,
} from './index.js';
import { alpha, authority, cleanUps, codeOf, connect, coordinator, type Handlers, start } from './server.fixture.js';

it('maps a descriptor to the methods and kinds of grpc-js', () => {
  const definition = serviceDefinition(CoordinatorService);
  expect(definition.hello!.path).toBe('/consilium.v1.CoordinatorService/Hello');
  expect([definition.putChunks!.requestStream, definition.putChunks!.responseStream]).toEqual([true, false]);
  expect([definition.fetchChunks!.requestStream, definition.fetchChunks!.responseStream]).toEqual([false, true]);
});

it('a unary call carries messages, metadata and the identity of the certificate', async () => {
  const { client } = await start({
    hello: async (request, call) => ({
      ...siteIdentity(call),
      coordinatorVersion: `${request.instanceId}/${call.metadata('consilium-instance')}`,
      auditSize: 2n ** 60n + 1n,
    }),
  });
  const answer = await client.hello({ instanceId: 'i-7' }, { metadata: { 'consilium-instance': 'i-8' } });
  expect(answer).toMatchObject({ federation: 'north', siteId: 'alpha', coordinatorVersion: 'i-7/i-8' });
  expect(answer.auditSize).toBe(2n ** 60n + 1n);
});

it('an error keeps its code across the wire, and an unknown one says nothing of its text', async () => {
  const seen: unknown[] = [];
  const { client } = await start(
    {
      submitUpdate: async () => {
        throw new ConsiliumError('UPDATE_LATE', { round: 3 });
      },
      pollWork: async () => {
        throw new Error('password=hunter2');
      },
      offerManifest: () => {
        throw new ConsiliumError('UPLOAD_QUOTA_EXCEEDED');
      },
    },
    (error) => seen.push(error),
  );
  expect(await codeOf(client.submitUpdate({}))).toBe('UPDATE_LATE');
  expect(await codeOf(client.offerManifest({}))).toBe('UPLOAD_QUOTA_EXCEEDED');
  const error = await client.pollWork({}).catch((reason: unknown) => reason as ConsiliumError);
  expect(error).toMatchObject({ code: 'INTERNAL', detail: {} });
  expect(`${(error as ConsiliumError).cause}`).not.toContain('hunter2');
  expect(seen).toHaveLength(3);
});

it('a handler that is not there fails with INTERNAL', async () => {
  const { client } = await start({});
  expect(await codeOf(client.hello({}))).toBe('INTERNAL');
});

it('says apart what was never sent, what may have happened, and what this side stopped', async () => {
  const gone = Promise.withResolvers<void>();
  const { client, port, server } = await start({
    pollWork: (_, call) =>
      new Promise((_resolve, reject) => {
        call.signal.addEventListener('abort', () => {
          gone.resolve();
          reject(call.signal.reason);
        });
      }),
  });
  expect(await codeOf(client.pollWork({}, { timeoutMs: 100 }))).toBe('ANSWER_LOST');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  expect(await codeOf(client.pollWork({}, { signal: stop.signal }))).toBe('STOPPED');
  await gone.promise;
  expect(await codeOf(client.pollWork({}, { signal: stop.signal }))).toBe('STOPPED');
  setTimeout(() => void stopServer(server, 0), 50);
  expect(await codeOf(client.pollWork({}))).toBe('ANSWER_LOST');
  expect(await codeOf(connect(port).pollWork({}))).toBe('COORDINATOR_UNREACHABLE');
});

it('refuses a client of another authority, one without a certificate of a site, and a client without TLS 1.3', async () => {
  const { port } = await start({ hello: async (_, call) => siteIdentity(call) });
  const other = await createAuthority({ federation: 'north' });
  const stranger = { ...(await issueSiteCertificate(other, { siteId: 'alpha' })), ca: authority.certificate };
  expect(['COORDINATOR_UNREACHABLE', 'ANSWER_LOST']).toContain(await codeOf(connect(port, stranger).hello({})));
  const { connect: dial } = await import('node:tls');
  const old = dial({ port, host: '127.0.0.1', ...alpha, cert: alpha.certificate, maxVersion: 'TLSv1.2' });
  await expect(new Promise((_, reject) => old.on('error', reject))).rejects.toThrow();
});

it('holds the certificate of the coordinator against the address that was dialled, by name or by number', async () => {
  const server = createServer();
  addService(server, CoordinatorService, { hello: async () => ({ siteId: 'a' }) } as unknown as Handlers);
  const named = await issueCoordinatorCertificate(authority, { hosts: ['localhost', 'coordinator'] });
  const port = await listen(server, named, '127.0.0.1', 0);
  cleanUps.push(() => stopServer(server, 0));
  expect((await connect(port, alpha, 'localhost').hello({})).siteId).toBe('a');
  expect(await codeOf(connect(port).hello({}))).toBe('COORDINATOR_UNREACHABLE');
});

it('takes a site id only from exactly one name of the right form', () => {
  const named = (subjectaltname?: string) => () =>
    siteIdentity({ peerCertificate: { subjectaltname } as ServerCall['peerCertificate'] });
  expect(named('URI:consilium://north/site/a-1, DNS:x')()).toEqual({ federation: 'north', siteId: 'a-1' });
  for (const bad of [
    undefined,
    'DNS:north',
    'URI:consilium://north/site/a, URI:consilium://north/site/b',
    'URI:"consilium://north/site/a, URI:consilium://north/site/b"',
    'URI:consilium://north/site/A',
    'URI:consilium://north/site/a/b',
    'URI:https://north/site/a',
  ])
    expect(named(bad)).toThrow(expect.objectContaining({ code: 'SITE_UNKNOWN' }));
});

it('refuses to start without an authority, because Node would trust every public one', async () => {
  await expect(listen(createServer(), { ...coordinator, ca: '' }, '127.0.0.1', 0)).rejects.toMatchObject({
    code: 'CERTIFICATE_INVALID',
  });
  expect(() => createClient(CoordinatorService, { address: 'x:1', tls: { ...alpha, ca: '' } })).toThrow();
});

it('an address that is taken is a typed error', async () => {
  const { port } = await start({});
  await expect(listen(createServer(), coordinator, '127.0.0.1', port)).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
  });
});
