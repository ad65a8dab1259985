import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';

/** What an entry may hold. No floats: a measured value is a decimal string, because readers of a log disagree about floats. */
export type AuditValue =
  | string
  | number
  | boolean
  | null
  | readonly AuditValue[]
  | { readonly [key: string]: AuditValue };

const MAXIMUM_DEPTH = 16;

/**
 * The RFC 8785 text of a value of an audit entry.
 *
 * Numbers  safe integers only; -0 is refused, since it would be written as 0.
 * Errors   AUDIT_ENTRY_INVALID: a float, an undefined, an ill-formed string, an object of a class, nesting beyond 16.
 * Source   RFC 8785.
 */
export function canonicalJson(value: unknown): string {
  requireAuditValue(value, '', 0);
  return canonicalize(value) as string;
}

function requireAuditValue(value: unknown, at: string, depth: number): void {
  if (depth > MAXIMUM_DEPTH) refuse(at, 'nested too deeply');
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) refuse(at, 'half of a surrogate pair');
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) refuse(at, 'not a safe integer');
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) requireAuditValue(value[i], `${at}/${i}`, depth + 1);
  } else if (isPlainObject(value)) {
    for (const [key, part] of Object.entries(value)) {
      // Assigning to this key sets the prototype in careless readers, so that two readers see two entries.
      if (key === '__proto__' || !key.isWellFormed()) refuse(at, 'a key that is not allowed');
      requireAuditValue(part, `${at}/${key}`, depth + 1);
    }
  } else refuse(at, `a value of type ${typeof value}`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !Object.hasOwn(value, 'toJSON');
}

function refuse(at: string, problem: string): never {
  throw new ConsiliumError('AUDIT_ENTRY_INVALID', { at, problem });
}
