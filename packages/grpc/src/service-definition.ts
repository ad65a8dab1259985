import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';

/** A message to send: a message of protobuf-es or what `create` makes one from. */
export type Outgoing = MessageInitShape<DescMessage>;
export type WireMethod = MethodDefinition<Outgoing, Message> & {
  responseSerialize(value: Outgoing): Buffer;
  responseDeserialize(bytes: Buffer): Message;
};

/**
 * grpc-js's definition of a service from its protobuf-es descriptor.
 *
 * Numbers  a received `bytes` field is a view of the received message; a sent one is copied once, into the message.
 */
export function serviceDefinition(service: DescService): Record<string, WireMethod> {
  return Object.fromEntries(service.methods.map((method) => [method.localName, wireMethod(service, method)]));
}

function wireMethod(service: DescService, method: DescMethod): WireMethod {
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: serializer(method.input),
    requestDeserialize: deserializer(method.input),
    responseSerialize: serializer(method.output),
    responseDeserialize: deserializer(method.output),
    originalName: method.localName,
  } as WireMethod;
}

function serializer(schema: DescMessage): (value: Outgoing) => Buffer {
  return (value) => {
    const bytes = toBinary(schema, create(schema, value));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function deserializer(schema: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => fromBinary(schema, bytes);
}
