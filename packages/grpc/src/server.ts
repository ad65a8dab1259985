import type { TLSSocket } from 'node:tls';
import type { DescService, Message } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import {
  type ConnectionInjector,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
  Server as WireServer,
} from '@grpc/grpc-js';
import { SERVER_OPTIONS, type TlsIdentity } from './connection-options.js';
import { toServiceError } from './error-translation.js';
import { DOOR_LIMITS, type DoorLimits, FrontDoor } from './front-door.js';
import { type Outgoing, serviceDefinition } from './service-definition.js';
import type { ServerCall, ServiceHandlers } from './service-types.js';
import { writeAll } from './streams.js';

export interface ServiceOptions {
  /** Told of every error a handler throws, before it is translated; for the log. */
  readonly onError?: (error: unknown, call: ServerCall) => void;
}

/** What the three kinds of calls have in common. */
type Wire = Pick<ServerUnaryCall<unknown, unknown>, 'getPath' | 'getPeer' | 'getAuthContext' | 'metadata'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** Handlers as the wire knows them: the types of a service's own messages end at `addService`. */
interface UntypedHandlers {
  readonly [method: string]: (input: unknown, call: ServerCall) => Promise<Outgoing> | AsyncIterable<Outgoing>;
}

/** A gRPC server behind a door of its own: grpc-js neither counts connections nor knows a client before its first call. */
export interface Server {
  readonly wire: WireServer;
  door: FrontDoor | null;
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
  server.wire.addService(serviceDefinition(service), implementation);
}

/** A server with the limits of `SERVER_OPTIONS`; services are added before `listen`. */
export function createServer(): Server {
  return { wire: new WireServer(SERVER_OPTIONS), door: null };
}

/**
 * Starts to listen with mutual TLS 1.3; port 0 takes a free one. Answers the port.
 *
 * Errors   ADDRESS_IN_USE when the address cannot be bound, CERTIFICATE_INVALID when the certificate cannot be used.
 */
export async function listen(
  server: Server,
  tls: TlsIdentity,
  host: string,
  port: number,
  limits: DoorLimits = DOOR_LIMITS,
): Promise<number> {
  // Behind the door the connection is decrypted already, and grpc-js finds the certificate at its socket.
  const injector: ConnectionInjector = server.wire.createConnectionInjector(ServerCredentials.createInsecure());
  const door = openDoor(tls, (connection) => injector.injectConnection(connection), limits);
  const bound = await door.listen(host, port);
  server.door = door;
  return bound;
}

function openDoor(tls: TlsIdentity, admit: (connection: TLSSocket) => void, limits: DoorLimits): FrontDoor {
  try {
    return new FrontDoor(tls, admit, limits);
  } catch (error) {
    throw error instanceof ConsiliumError ? error : new ConsiliumError('CERTIFICATE_INVALID', {}, error);
  }
}

/** Stops a server: calls under way may end within `graceMs`, then their connections are cut. */
export async function stopServer(server: Server, graceMs = 500): Promise<void> {
  const ended = server.door?.close();
  // Says goodbye on every connection; it answers before they have ended.
  server.wire.tryShutdown(() => {});
  const cut = setTimeout(() => {
    // The sockets first: a goodbye to each call would look to its caller as if it had ended the call itself.
    server.door?.cutAll();
    server.wire.forceShutdown();
  }, graceMs);
  await ended;
  clearTimeout(cut);
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
    peer: wire.getPeer(),
    peerCertificate: certificateOf(wire),
    signal: gone.signal,
    metadata: (name) => {
      const [value] = wire.metadata.get(name);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

/** None when the connection has gone before its call was looked at: grpc-js throws then, outside of anybody's reach. */
function certificateOf(wire: Wire): ServerCall['peerCertificate'] {
  try {
    return wire.getAuthContext().sslPeerCertificate;
  } catch {
    return undefined;
  }
}
