import type { AuditActor } from '@consilium/audit';

/** Until sign-in exists there is one token, and so one person. */
export const PERSON: AuditActor = { kind: 'person', id: 'token-holder' };
