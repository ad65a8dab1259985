import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { errorCode } from '@consilium/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPacs } from '../open-pacs.js';
import { requestOf } from '../testing/pacs.fixture.js';

let server: Server;
let onData: (socket: Socket, bytes: Buffer) => void;
const sockets = new Set<Socket>();

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', (bytes) => onData(socket, bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function echo(signal = new AbortController().signal): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const dimse = {
    aeTitle: 'PACS',
    host: '127.0.0.1',
    port,
    callingAeTitle: 'US',
    retrieve: 'get' as const,
    allowLoopback: true,
  };
  const pacs = await openPacs(requestOf('/nowhere', { name: 'x', dimse }, []), signal);
  return pacs
    .echo(signal)
    .then(() => 'answered', errorCode)
    .finally(() => pacs.close());
}

/** The proposal itself with another type: an acceptance of everything, whose results are not as they must be. */
const echoed = (bytes: Buffer) => Buffer.concat([Buffer.from([2]), bytes.subarray(1)]);

it.each<[string, string, (socket: Socket, bytes: Buffer) => void]>([
  ['closes', 'PACS_UNREACHABLE', (socket) => socket.end()],
  ['resets', 'PACS_UNREACHABLE', (socket) => socket.resetAndDestroy()],
  ['aborts', 'PACS_UNREACHABLE', (socket) => socket.write(Buffer.from([7, 0, 0, 0, 0, 4, 0, 0, 2, 0]))],
  ['rejects for good', 'PACS_DENIED', (socket) => socket.write(Buffer.from([3, 0, 0, 0, 0, 4, 0, 1, 1, 7]))],
  ['rejects for now', 'PACS_UNREACHABLE', (socket) => socket.write(Buffer.from([3, 0, 0, 0, 0, 4, 0, 2, 3, 1]))],
  ['speaks HTTP', 'PACS_ANSWER_INVALID', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['announces 4 GB', 'PACS_ANSWER_INVALID', (socket) => socket.write(Buffer.from([2, 0, 0xff, 0xff, 0xff, 0xff]))],
  [
    'accepts with nonsense',
    'PACS_UNREACHABLE',
    (socket) => socket.write(Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 90]), Buffer.alloc(90, 0x21)])),
  ],
])('says what is wrong with a peer that %s', async (_, code, reply) => {
  onData = reply;
  expect(await echo()).toBe(code);
});

it.each(['never answers', 'accepts what nobody can use'])('is stopped at once with a peer that %s', async (how) => {
  onData = (socket, bytes) => {
    if (how !== 'never answers') socket.write(echoed(bytes));
  };
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const began = performance.now();
  expect(await echo(stop.signal)).toMatch(/^(STOPPED|PACS_(REFUSED|UNREACHABLE))$/);
  expect(performance.now() - began).toBeLessThan(1500);
});
