import type { PeerCertificate } from 'node:tls';
import type { DescMessage, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

type Method = { methodKind: string };
type Input<M> = M extends { input: infer I extends DescMessage } ? I : never;
type Output<M> = M extends { output: infer O extends DescMessage } ? O : never;

/** What a handler may know about the call beside its message. */
export interface ServerCall {
  /** Full name of the method, `/consilium.v1.CoordinatorService/Hello`. */
  readonly path: string;
  /** Address and port of the other side: which connection it is. */
  readonly peer: string;
  /** The verified client certificate of the connection. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Fires when the peer cancels, goes away, or its deadline passes. */
  readonly signal: AbortSignal;
  /** Text metadata that the peer sent; undefined when it sent none of that name. */
  metadata(name: string): string | undefined;
}

/** Handlers of a service: promises and async iterables; what they throw goes through `toServiceError`. */
export type ServiceHandlers<S extends DescService> = {
  [K in keyof S['method']]: Handler<S['method'][K]>;
};

type Handler<M extends Method> = M extends { methodKind: 'unary' }
  ? (request: MessageShape<Input<M>>, call: ServerCall) => Promise<MessageInitShape<Output<M>>>
  : M extends { methodKind: 'server_streaming' }
    ? (request: MessageShape<Input<M>>, call: ServerCall) => AsyncIterable<MessageInitShape<Output<M>>>
    : M extends { methodKind: 'client_streaming' }
      ? (requests: AsyncIterable<MessageShape<Input<M>>>, call: ServerCall) => Promise<MessageInitShape<Output<M>>>
      : never;

export interface CallOptions {
  /** Ends the call; it then fails with STOPPED. */
  readonly signal?: AbortSignal;
  /** Longest time for the whole call: 30 s for unary calls when not given, no limit for streams. */
  readonly timeoutMs?: number;
  /** Text metadata to send along. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A typed client: unary calls and client streams are promises, server streams are async iterables. */
export type ServiceClient<S extends DescService> = {
  [K in keyof S['method']]: ClientMethod<S['method'][K]>;
} & {
  /** Closes the connection; calls under way fail. */
  close(): void;
};

type ClientMethod<M extends Method> = M extends { methodKind: 'unary' }
  ? (request: MessageInitShape<Input<M>>, options?: CallOptions) => Promise<MessageShape<Output<M>>>
  : M extends { methodKind: 'server_streaming' }
    ? (request: MessageInitShape<Input<M>>, options?: CallOptions) => AsyncIterable<MessageShape<Output<M>>>
    : M extends { methodKind: 'client_streaming' }
      ? (
          requests: AsyncIterable<MessageInitShape<Input<M>>> | Iterable<MessageInitShape<Input<M>>>,
          options?: CallOptions,
        ) => Promise<MessageShape<Output<M>>>
      : never;
