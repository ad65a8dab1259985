import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/errors';
import { expect, it } from 'vitest';
import { cleanUps, codeOf, connect, type Handlers, start } from './server.fixture.js';

const MEBIBYTE = 1024 * 1024;

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
