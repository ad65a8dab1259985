import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.js';

it('chooses a port that no outgoing connection is given', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort('127.0.0.1', 0, '--port')));
  for (const port of ports) expect(port).toBeGreaterThanOrEqual(20_000);
  for (const port of ports) expect(port).toBeLessThan(30_000);
  expect(new Set(ports).size).toBeGreaterThan(1);
});

it('a port that was asked for and is taken is a typed error that says what to do', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(freePort('127.0.0.1', port, '--grpc-port')).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
    detail: { port },
  });
  other.close();
  await once(other, 'close');
  expect(await freePort('127.0.0.1', port, '--grpc-port')).toBe(port);
});
