export { type ClientOptions, createClient } from './client.js';
export type { TlsIdentity } from './connection-options.js';
export { CODE_TRAILER, fromServiceError, toServiceError } from './error-translation.js';
export { DOOR_LIMITS, type DoorLimits } from './front-door.js';
export { addService, createServer, listen, type Server, type ServiceOptions, stopServer } from './server.js';
export { serviceDefinition } from './service-definition.js';
export type { CallOptions, ServerCall, ServiceClient, ServiceHandlers } from './service-types.js';
export { type SiteIdentity, siteIdentity } from './site-identity.js';
export { type Rate, TokenBucket } from './token-bucket.js';
