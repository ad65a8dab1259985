export type { Server } from '@grpc/grpc-js';
export { type ClientOptions, createClient } from './client.js';
export type { TlsIdentity } from './connection-options.js';
export { CODE_TRAILER, fromServiceError, toServiceError } from './error-translation.js';
export { addService, createServer, listen, type ServiceOptions, stopServer } from './server.js';
export { serviceDefinition } from './service-definition.js';
export type { CallOptions, ServerCall, ServiceClient, ServiceHandlers } from './service-types.js';
export { type SiteIdentity, siteIdentity } from './site-identity.js';
