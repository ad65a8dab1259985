import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import type { DescService, Message } from '@bufbuild/protobuf';
import { ConsiliumError } from '@consilium/errors';
import { Client, credentials, Metadata, type CallOptions as WireCallOptions } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS, refusePublicRoots, type TlsIdentity } from './connection-options.js';
import { fromServiceError } from './error-translation.js';
import { type Outgoing, serviceDefinition, type WireMethod } from './service-definition.js';
import type { CallOptions, ServiceClient } from './service-types.js';
import { writeAll } from './streams.js';

export interface ClientOptions {
  /** `host:port` of the server. */
  readonly address: string;
  readonly tls: TlsIdentity;
}

const UNARY_TIMEOUT_MS = 30_000;
/** Longest pause between two attempts to connect: a coordinator that is back is found within seconds. */
const LONGEST_RECONNECT_PAUSE_MS = 3000;

/**
 * A client with mutual TLS 1.3. It connects with the first call and again by itself; a call while there is no
 * connection fails with COORDINATOR_UNREACHABLE.
 *
 * Errors   CERTIFICATE_INVALID; every call fails with a ConsiliumError, see `fromServiceError`.
 */
export function createClient<S extends DescService>(service: S, options: ClientOptions): ServiceClient<S> {
  const host = options.address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const wire = new Client(options.address, clientCredentials(options.tls, host), {
    ...CHANNEL_OPTIONS,
    // TLS knows no address as a server name: it goes by this one, and the certificate is held against the address.
    ...(isIP(host) ? { 'grpc.ssl_target_name_override': 'coordinator' } : {}),
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_PAUSE_MS,
    'grpc.enable_retries': 0,
  });
  const client: Record<string, unknown> = { close: () => wire.close() };
  for (const [name, method] of Object.entries(serviceDefinition(service))) {
    if (method.requestStream && method.responseStream) throw new ConsiliumError('INTERNAL', { method: name });
    if (method.requestStream) client[name] = clientStreaming(wire, method);
    else if (method.responseStream) client[name] = serverStreaming(wire, method);
    else client[name] = unary(wire, method);
  }
  return client as ServiceClient<S>;
}

function clientCredentials(tls: TlsIdentity, host: string) {
  refusePublicRoots(tls);
  try {
    const context = createSecureContext({ ca: tls.ca, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.3' });
    return credentials.createFromSecureContext(context, {
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    });
  } catch (error) {
    throw new ConsiliumError('CERTIFICATE_INVALID', {}, error);
  }
}

function unary(wire: Client, method: WireMethod) {
  return async (request: Outgoing, options: CallOptions = {}): Promise<Message> => {
    refuseIfStopped(options.signal);
    return new Promise((resolve, reject) => {
      const call = wire.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata(options),
        wireOptions(options, UNARY_TIMEOUT_MS),
        (error, answer) => {
          release();
          if (error) reject(fromServiceError(error));
          else resolve(answer!);
        },
      );
      const release = cancelOn(options.signal, call);
    });
  };
}

function clientStreaming(wire: Client, method: WireMethod) {
  return async (
    requests: AsyncIterable<Outgoing> | Iterable<Outgoing>,
    options: CallOptions = {},
  ): Promise<Message> => {
    refuseIfStopped(options.signal);
    const answered = new AbortController();
    const { promise: answer, resolve, reject } = Promise.withResolvers<Message>();
    const call = wire.makeClientStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadata(options),
      wireOptions(options),
      (error, message) => {
        if (error) reject(fromServiceError(error));
        else resolve(message!);
        answered.abort();
      },
    );
    const release = cancelOn(options.signal, call);
    answer.catch(() => {}); // awaited below, but it may fail while a request is still being read
    try {
      await writeAll(call, requests, answered.signal);
      call.end();
    } catch (error) {
      // An early answer explains more than the write that it cut off.
      if (!answered.signal.aborted && !call.destroyed) {
        call.cancel();
        release();
        throw error;
      }
    }
    return answer.finally(release);
  };
}

function serverStreaming(wire: Client, method: WireMethod) {
  return async function* (request: Outgoing, options: CallOptions = {}): AsyncGenerator<Message> {
    refuseIfStopped(options.signal);
    const call = wire.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata(options),
      wireOptions(options),
    );
    const release = cancelOn(options.signal, call);
    let ended = false;
    try {
      for await (const message of call) yield message as Message;
      ended = true;
    } catch (error) {
      ended = true;
      throw fromServiceError(error);
    } finally {
      release();
      if (!ended) call.cancel();
    }
  };
}

function metadata(options: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
  return metadata;
}

function wireOptions(options: CallOptions, timeoutMs = options.timeoutMs): WireCallOptions {
  const limitMs = options.timeoutMs ?? timeoutMs;
  return limitMs === undefined ? {} : { deadline: Date.now() + limitMs };
}

function refuseIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ConsiliumError('STOPPED');
}

function cancelOn(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  const cancel = () => call.cancel();
  signal?.addEventListener('abort', cancel);
  return () => signal?.removeEventListener('abort', cancel);
}
