export { type BoundedPayload, boundedPayload } from './bounded-payload.js';
export type { AuditValue } from './canonical-json.js';
export {
  type AuditActor,
  type AuditEntry,
  type AuditSubject,
  canonicalEntry,
  MAXIMUM_ENTRY_BYTES,
  parseEntry,
} from './entry.js';
export { AUDIT_ENTRY_TYPES, type AuditEntryType, isAuditEntryType } from './entry-types.js';
export { leafHash, type Sha256 } from './leaf-hash.js';
