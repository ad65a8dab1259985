import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '@consilium/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from './inbox/inbox.js';
import { listenForStudies } from './listen-for-studies.js';
import type { FetchResult, ListenRequest } from './request.js';
import { sendToPacs } from './send-files.js';
import type { ReceiverSettings } from './settings.js';
import { makeCertificates, opensslMissing } from './testing/certificates.fixture.js';
import { newFolder } from './testing/folders.fixture.js';
import { TEST_PACE, writeSlices } from './testing/pacs.fixture.js';

const run = promisify(execFile);
const NEVER = new AbortController().signal;
const ALL_OVER_AGAIN = { patience: 3000 };
const files = writeSlices({ name: 'pushed', studies: 2, slices: 10, size: 64 });

function dcmtkMissing(): string | undefined {
  try {
    execFileSync('storescu', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'skipped: needs Debian package dcmtk';
  }
}
const missing = dcmtkMissing();
if (missing) console.warn(`pacs, receiver: ${missing}`);

let inbox: Inbox;
let port: number;
let stop: AbortController;
let listening: Promise<FetchResult>;

beforeEach(async () => {
  inbox = await Inbox.open(newFolder(), 64 * 64 * 2 + 4000);
  port = await freePort();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await listening.catch(() => {});
  await inbox.close();
});

async function listen(receiver: Partial<ReceiverSettings> = {}, request: Partial<ListenRequest> = {}): Promise<void> {
  const settings = { aeTitle: 'CONSILIUM', host: '127.0.0.1', port, peers: [{ aeTitle: 'CT1', host: '127.0.0.1' }] };
  listening = listenForStudies(
    { root: '/nowhere', receiver: { ...settings, ...receiver }, pace: TEST_PACE, untilIdleMs: undefined, ...request },
    inbox,
    () => {},
    stop.signal,
  );
  listening.catch(() => {});
  await untilOpen();
}

async function untilOpen(): Promise<void> {
  const until = Date.now() + ALL_OVER_AGAIN.patience;
  while (Date.now() < until) {
    const socket = connect({ host: '127.0.0.1', port });
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
}

const push = (from: string, to: string, ...words: string[]) =>
  // Without Nagle's algorithm, which DCMTK leaves on: 40 ms an object.
  run('storescu', ['-aet', from, '-aec', to, ...words, '127.0.0.1', String(port), ...files], {
    env: { ...process.env, TCP_NODELAY: '1' },
  }).then(
    () => 'sent',
    () => 'failed',
  );

describe.skipIf(missing)('what is pushed by storescu', () => {
  it('is taken by several associations at once, and counted, until nobody sends any more', async () => {
    await listen({}, { untilIdleMs: 700 });
    expect(await Promise.all([push('CT1', 'CONSILIUM'), push('CT1', 'CONSILIUM')])).toEqual(['sent', 'sent']);
    expect(await listening).toMatchObject({ studies: 2, instances: 20, arrived: 20, duplicates: 20 });
  });

  it('is not taken from or for a stranger, and not outside of the hours', async () => {
    await listen();
    expect(await push('CT2', 'CONSILIUM')).toBe('failed');
    expect(await push('CT1', 'SOMEBODY')).toBe('failed');
    expect(inbox.counts().instances).toBe(0);
    stop.abort();
    await listening.catch(() => {});
    stop = new AbortController();
    const minute = (new Date().getHours() * 60 + new Date().getMinutes() + 120) % 1440;
    await listen({}, { pace: { ...TEST_PACE, hours: { fromMinute: minute, toMinute: (minute + 30) % 1440 } } });
    expect(await push('CT1', 'CONSILIUM')).toBe('failed');
    expect(inbox.counts().instances).toBe(0);
  });

  it('comes as the sender has it: the first syntax that it proposes', async () => {
    await listen();
    expect(await push('CT1', 'CONSILIUM', '-xi')).toBe('sent');
    expect(inbox.counts().arrived).toBe(20);
  });

  it('is broken off where it is too large', async () => {
    const large = writeSlices({ name: 'large', studies: 1, slices: 1, size: 512 });
    await listen();
    const sent = run('storescu', ['-aet', 'CT1', '-aec', 'CONSILIUM', '127.0.0.1', String(port), ...large]);
    await expect(sent).rejects.toThrow();
    expect(inbox.counts().arrived).toBe(0);
    expect(await push('CT1', 'CONSILIUM')).toBe('sent');
  });

  it('ends at once when it is stopped', async () => {
    await listen();
    const sending = push('CT1', 'CONSILIUM', '-R');
    await delay(30);
    const began = performance.now();
    stop.abort();
    await expect(listening).rejects.toMatchObject({ code: 'STOPPED' });
    expect(performance.now() - began).toBeLessThan(1000);
    await sending;
  });
});

it('turns away an address that is no peer before it has said a word', async () => {
  await listen({ peers: [{ aeTitle: 'CT1', host: '10.1.2.3' }] });
  const socket = connect({ host: '127.0.0.1', port });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(socket.bytesRead).toBe(0);
});

it.each([
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['a PDU of four gigabytes', Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff, 0, 0])],
  ['data before an association', Buffer.from([4, 0, 0, 0, 0, 8, 0, 0, 0, 4, 1, 2, 0, 0])],
  [
    'an association request that is cut short inside',
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 70]), Buffer.alloc(70, 0x20)]),
  ],
  ['random bytes of an association', Buffer.concat([Buffer.from([1, 0, 0, 0, 2, 0]), Buffer.alloc(512, 0x50)])],
])('survives %s', async (_, bytes) => {
  await listen();
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {}).write(bytes);
  await closedWithin(socket, 3000);
  expect(inbox.counts().instances).toBe(0);
  const again = connect({ host: '127.0.0.1', port });
  await new Promise((resolve) => again.once('connect', resolve));
  again.destroy();
});

async function closedWithin(socket: Socket, ms: number): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')).resume());
  expect(await Promise.race([closed, delay(ms, 'open')])).toBe('closed');
}

it('survives 300 mutations of a peer that sends, and goes on taking', async () => {
  await listen();
  const recorded = [await recordedSending(1), await recordedSending(3)] as const;
  const replay = async (seed: number) => {
    const bytes = Buffer.from(recorded[seed % 3 ? 0 : 1]);
    // Mostly in what is parsed: the association, and the first commands.
    for (let i = 0; i < 1 + (seed % 4); i++) {
      const at = (seed * 7919 + i * 104_729) % (i % 2 ? bytes.length : 1500);
      bytes[at] = (seed * 131 + i * 17) & 0xff;
    }
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {}).resume();
    socket.end(seed % 5 ? bytes : bytes.subarray(0, (seed * 997) % bytes.length));
    await Promise.race([new Promise((resolve) => socket.once('close', resolve)), delay(150)]);
    socket.destroy();
  };
  for (let seed = 1; seed <= 300; seed += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => replay(seed + i)));
  expect(await sendToPacs(ourselves(port), files, NEVER)).toMatchObject({ sent: 20 });
}, 60_000);

function ourselves(to: number) {
  const dimse = { aeTitle: 'CONSILIUM', host: '127.0.0.1', port: to, callingAeTitle: 'CT1', retrieve: 'get' as const };
  return {
    root: '/nowhere',
    pacs: { name: 'us', dimse: { ...dimse, allowLoopback: true } },
    pace: TEST_PACE,
    receiver: undefined,
  };
}

/** What a sender says to us, from its first byte to its last. */
async function recordedSending(count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const proxy = createServer((outer) => {
    const inner = connect({ host: '127.0.0.1', port });
    outer.on('data', (chunk: Buffer) => chunks.push(chunk));
    outer
      .on('error', () => {})
      .pipe(inner.on('error', () => {}))
      .pipe(outer);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  await sendToPacs(ourselves((proxy.address() as AddressInfo).port), files.slice(0, count), NEVER);
  proxy.close();
  return Buffer.concat(chunks);
}

it.skipIf(opensslMissing())('takes objects by mutual TLS alone where it is told so', async () => {
  const [ours, others] = [makeCertificates(), makeCertificates()];
  const root = newFolder();
  const tls = { ca: 'pacs/ca.pem', certificate: 'pacs/certificate.pem', key: 'pacs/key.pem' };
  mkdirSync(join(root, 'pacs'));
  const write = (certificates: typeof ours) => {
    for (const [name, file] of Object.entries(tls))
      writeFileSync(join(root, file), certificates[name as keyof typeof tls]);
  };
  write(ours);
  await listen({ tls }, { root });
  const dimse = { aeTitle: 'CONSILIUM', host: '127.0.0.1', port, callingAeTitle: 'CT1', retrieve: 'get' as const };
  const request = (withTls: object) => ({
    root,
    pacs: { name: 'us', dimse: { ...dimse, allowLoopback: true, ...withTls } },
    pace: TEST_PACE,
    receiver: undefined,
  });
  expect(await sendToPacs(request({ tls }), files, NEVER)).toMatchObject({ sent: 20 });
  write({ ...others, ca: ours.ca });
  const limit = AbortSignal.timeout(1500);
  await expect(sendToPacs(request({ tls }), files, limit)).rejects.toMatchObject({ name: 'ConsiliumError' });
  await expect(sendToPacs(request({}), files, AbortSignal.timeout(1500))).rejects.toMatchObject({
    name: 'ConsiliumError',
  });
  expect(inbox.counts().arrived).toBe(20);
  expect(inbox.counts().duplicates).toBe(0);
});
