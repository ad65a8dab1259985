import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { createAuthority, issueCoordinatorCertificate, issueSiteCertificate } from '@consilium/pki';
import { CoordinatorService } from '@consilium/proto';
import { afterEach, expect, it } from 'vitest';
import {
  addService,
  createClient,
  createServer,
  listen,
  type ServerCall,
  type ServiceHandlers,
  serviceDefinition,
  siteIdentity,
  stopServer,
} from './index.js';

type Handlers = ServiceHandlers<typeof CoordinatorService>;

const MEBIBYTE = 1024 * 1024;
const authority = await createAuthority({ federation: 'north' });
const coordinator = await issueCoordinatorCertificate(authority, { hosts: ['localhost', '127.0.0.1'] });
const alpha = await issueSiteCertificate(authority, { siteId: 'alpha' });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(handlers: Partial<Handlers>, onError?: (error: unknown, call: ServerCall) => void) {
  const server = createServer();
  addService(server, CoordinatorService, handlers as Handlers, onError ? { onError } : {});
  const port = await listen(server, coordinator, '127.0.0.1', 0);
  cleanUps.push(() => stopServer(server, 0));
  return { port, client: connect(port), server };
}

function connect(port: number, tls = alpha, host = '127.0.0.1') {
  const client = createClient(CoordinatorService, { address: `${host}:${port}`, tls });
  cleanUps.push(() => client.close());
  return client;
}

async function codeOf(call: Promise<unknown>): Promise<ErrorCode | undefined> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConsiliumError);
  return (error as ConsiliumError).code;
}

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

it('a server stream brings every chunk, and stops when the reader does', async () => {
  const digest = randomBytes(32);
  const chunk = randomBytes(MEBIBYTE);
  let sent = 0;
  const stopped = Promise.withResolvers<void>();
  const { client } = await start({
    async *fetchChunks(request) {
      try {
        for (const range of request.ranges) {
          sent++;
          yield { piece: { digest, offset: range.offset, data: chunk } };
        }
      } finally {
        stopped.resolve();
      }
    },
  });
  const ranges = Array.from({ length: 100 }, (_, index) => ({ digest, offset: BigInt(index) }));
  let received = 0;
  for await (const { piece } of client.fetchChunks({ ranges: ranges.slice(0, 9) })) {
    expect(piece!.offset).toBe(BigInt(received++));
    expect(chunk.equals(piece!.data)).toBe(true);
  }
  expect(received).toBe(9);
  sent = 0;
  for await (const { piece } of client.fetchChunks({ ranges })) if (piece!.offset === 2n) break;
  await stopped.promise;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(sent).toBeLessThan(100);
});

it('an error in the middle of a server stream reaches the reader after what was sent', async () => {
  const { client } = await start({
    async *fetchChunks() {
      yield { piece: { offset: 5n } };
      throw new ConsiliumError('CHUNK_NOT_AVAILABLE');
    },
  });
  const offsets: bigint[] = [];
  const reading = (async () => {
    for await (const { piece } of client.fetchChunks({})) offsets.push(piece!.offset);
  })();
  expect(await codeOf(reading)).toBe('CHUNK_NOT_AVAILABLE');
  expect(offsets).toEqual([5n]);
});

it('a client stream sends every chunk and gets one answer', async () => {
  const { client } = await start({
    putChunks: async (requests) => {
      let bytesReceived = 0n;
      for await (const { piece } of requests) bytesReceived += BigInt(piece!.data.length);
      return { bytesReceived };
    },
  });
  const data = randomBytes(MEBIBYTE);
  const pieces = Array.from({ length: 9 }, () => ({ piece: { data } }));
  expect((await client.putChunks(pieces)).bytesReceived).toBe(9n * BigInt(MEBIBYTE));
});

it('a slow reader holds back a client stream', async () => {
  const enough = Promise.withResolvers<void>();
  const { client } = await start({
    putChunks: async (requests) => {
      await enough.promise;
      let bytesReceived = 0n;
      for await (const { piece } of requests) bytesReceived += BigInt(piece!.data.length);
      return { bytesReceived };
    },
  });
  let asked = 0;
  const data = randomBytes(MEBIBYTE);
  async function* pieces() {
    for (; asked < 100; asked++) yield { piece: { data } };
  }
  const answer = client.putChunks(pieces());
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(asked).toBeLessThan(40);
  enough.resolve();
  expect((await answer).bytesReceived).toBe(100n * BigInt(MEBIBYTE));
});

it('a client stream that is refused early ends with the code of the refusal', async () => {
  const { client } = await start({
    putChunks: async (requests) => {
      for await (const _ of requests) throw new ConsiliumError('CHUNK_CORRUPT');
      return {};
    },
  });
  async function* pieces() {
    for (let index = 0; index < 1000; index++) yield { piece: { data: randomBytes(MEBIBYTE) } };
  }
  expect(await codeOf(client.putChunks(pieces()))).toBe('CHUNK_CORRUPT');
});

it('a source that fails ends the client stream with its own error', async () => {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const { client } = await start({
    putChunks: async (requests, call) => {
      begun.resolve();
      call.signal.addEventListener('abort', () => gone.resolve());
      for await (const _ of requests);
      return {};
    },
  });
  async function* pieces() {
    yield { piece: {} };
    await begun.promise;
    throw new ConsiliumError('DISK_FULL');
  }
  expect(await codeOf(client.putChunks(pieces()))).toBe('DISK_FULL');
  await gone.promise;
});

it('an upload whose sender dies is stopped work for the server, and no fault of its own', async () => {
  const seen: unknown[] = [];
  const begun = Promise.withResolvers<void>();
  const handlers: Partial<Handlers> = {
    putChunks: async (requests) => {
      for await (const _ of requests) begun.resolve();
      return {};
    },
  };
  const { port } = await start(handlers, (error) => seen.push(error));
  const sockets: Socket[] = [];
  const relay = createTcpServer((near) => {
    const far = connectTcp(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => relay.close());
  const sent = codeOf(connect((relay.address() as AddressInfo).port).putChunks(endless()));
  await begun.promise;
  for (const socket of sockets) socket.resetAndDestroy();
  expect(await sent).toBe('ANSWER_LOST');
  await expect.poll(() => seen).toMatchObject([{ code: 'STOPPED' }]);

  async function* endless() {
    for (;;) {
      yield { piece: {} };
      await sleep(10);
    }
  }
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
  setTimeout(() => server.forceShutdown(), 50);
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
