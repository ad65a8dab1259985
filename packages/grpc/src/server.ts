import type { DescService, Message } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { CHANNEL_OPTIONS, refusePublicRoots, type TlsIdentity } from './connection-options.js';
import { toServiceError } from './error-translation.js';
import { type Outgoing, serviceDefinition } from './service-definition.js';
import type { ServerCall, ServiceHandlers } from './service-types.js';
import { writeAll } from './streams.js';

export interface ServiceOptions {
  /** Told of every error a handler throws, before it is translated; for the log. */
  readonly onError?: (error: unknown, call: ServerCall) => void;
}

/** What the three kinds of calls have in common. */
type Wire = Pick<ServerUnaryCall<unknown, unknown>, 'getPath' | 'getAuthContext' | 'metadata'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** Handlers as the wire knows them: the types of a service's own messages end at `addService`. */
interface UntypedHandlers {
  readonly [method: string]: (input: unknown, call: ServerCall) => Promise<Outgoing> | AsyncIterable<Outgoing>;
}

/** grpc-js's own credentials cannot ask for TLS 1.3; these do, and refuse a client without a certificate of our authority. */
class MutualTlsCredentials extends ServerCredentials {
  constructor(tls: TlsIdentity) {
    refusePublicRoots(tls);
    super(
      { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
      { ca: tls.ca, cert: tls.certificate, key: tls.key },
    );
  }
  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

/** Adds the handlers of a service to a server. */
export function addService<S extends DescService>(
  server: Server,
  service: S,
  handlers: ServiceHandlers<S>,
  options: ServiceOptions = {},
): void {
  const untyped = handlers as unknown as UntypedHandlers;
  const implementation: UntypedServiceImplementation = {};
  for (const { localName, methodKind } of service.methods) {
    const handle: Handle = (input, call) => untyped[localName]!(input, call);
    if (methodKind === 'unary') implementation[localName] = unary(handle, options);
    else if (methodKind === 'client_streaming') implementation[localName] = clientStreaming(handle, options);
    else if (methodKind === 'server_streaming') implementation[localName] = serverStreaming(handle, options);
    else throw new ConsiliumError('INTERNAL', { method: localName });
  }
  server.addService(serviceDefinition(service), implementation);
}

/** A server with the limits of `CHANNEL_OPTIONS`; services are added before `listen`. */
export function createServer(): Server {
  return new Server(CHANNEL_OPTIONS);
}

/**
 * Starts to listen with mutual TLS 1.3; port 0 takes a free one. Answers the port.
 *
 * Errors   ADDRESS_IN_USE when the address cannot be bound, CERTIFICATE_INVALID when the certificate cannot be used.
 */
export async function listen(server: Server, tls: TlsIdentity, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    try {
      server.bindAsync(address, new MutualTlsCredentials(tls), (error, boundPort) =>
        error ? reject(new ConsiliumError('ADDRESS_IN_USE', { host, port }, error)) : resolve(boundPort),
      );
    } catch (error) {
      reject(new ConsiliumError('CERTIFICATE_INVALID', {}, error));
    }
  });
}

/** Stops a server: calls under way may end within `graceMs`, then their connections are cut. */
export async function stopServer(server: Server, graceMs = 500): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

type Handle = (input: unknown, call: ServerCall) => Promise<Outgoing> | AsyncIterable<Outgoing>;

function unary(handle: Handle, options: ServiceOptions) {
  return async (wire: ServerUnaryCall<Message, Outgoing>, answer: sendUnaryData<Outgoing>) => {
    const call = serverCall(wire);
    try {
      answer(null, await (handle(wire.request, call) as Promise<Outgoing>));
    } catch (error) {
      options.onError?.(error, call);
      answer(toServiceError(error));
    }
  };
}

function clientStreaming(handle: Handle, options: ServiceOptions) {
  return async (wire: ServerReadableStream<Message, Outgoing>, answer: sendUnaryData<Outgoing>) => {
    const call = serverCall(wire);
    try {
      answer(null, await (handle(wire, call) as Promise<Outgoing>));
    } catch (cause) {
      // Of a client that is gone the stream only says that it has closed too early: not a fault of ours.
      const error: unknown = call.signal.aborted ? call.signal.reason : cause;
      options.onError?.(error, call);
      answer(toServiceError(error));
    }
  };
}

function serverStreaming(handle: Handle, options: ServiceOptions) {
  return async (wire: ServerWritableStream<Message, Outgoing>) => {
    const call = serverCall(wire);
    try {
      await writeAll(wire, handle(wire.request, call) as AsyncIterable<Outgoing>, call.signal);
      wire.end();
    } catch (error) {
      options.onError?.(error, call);
      if (!call.signal.aborted) wire.emit('error', toServiceError(error));
    }
  };
}

function serverCall(wire: Wire): ServerCall {
  const gone = new AbortController();
  wire.on('cancelled', () => gone.abort(new ConsiliumError('STOPPED', { path: wire.getPath() })));
  return {
    path: wire.getPath(),
    peerCertificate: wire.getAuthContext().sslPeerCertificate,
    signal: gone.signal,
    metadata: (name) => {
      const [value] = wire.metadata.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}
