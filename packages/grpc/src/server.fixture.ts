import { ConsiliumError, type ErrorCode } from '@consilium/errors';
import { createAuthority, issueCoordinatorCertificate, issueSiteCertificate } from '@consilium/pki';
import { CoordinatorService } from '@consilium/proto';
import { afterEach, expect } from 'vitest';
import {
  addService,
  createClient,
  createServer,
  listen,
  type ServerCall,
  type ServiceHandlers,
  stopServer,
} from './index.js';

export type Handlers = ServiceHandlers<typeof CoordinatorService>;

export const authority = await createAuthority({ federation: 'north' });
export const coordinator = await issueCoordinatorCertificate(authority, { hosts: ['localhost', '127.0.0.1'] });
export const alpha = await issueSiteCertificate(authority, { siteId: 'alpha' });

export const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

export async function start(handlers: Partial<Handlers>, onError?: (error: unknown, call: ServerCall) => void) {
  const server = createServer();
  addService(server, CoordinatorService, handlers as Handlers, onError ? { onError } : {});
  const port = await listen(server, coordinator, '127.0.0.1', 0);
  cleanUps.push(() => stopServer(server, 0));
  return { port, client: connect(port), server };
}

export function connect(port: number, tls = alpha, host = '127.0.0.1') {
  const client = createClient(CoordinatorService, { address: `${host}:${port}`, tls });
  cleanUps.push(() => client.close());
  return client;
}

export async function codeOf(call: Promise<unknown>): Promise<ErrorCode | undefined> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConsiliumError);
  return (error as ConsiliumError).code;
}
