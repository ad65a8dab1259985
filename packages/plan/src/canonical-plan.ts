import { createHash } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';
import { resolvePlan } from './check-plan.js';
import type { Plan } from './schema.js';

/**
 * The bytes of a resolved plan that are hashed, sent and consented to.
 *
 * Errors   PLAN_INVALID: a string that is not well-formed, or a number that is not finite.
 * Source   RFC 8785.
 */
export function canonicalPlan(plan: Plan): Uint8Array {
  try {
    return new TextEncoder().encode(canonicalize(plan));
  } catch (error) {
    throw new ConsiliumError('PLAN_INVALID', { problem: 'it has no canonical form' }, error);
  }
}

/** SHA-256 of the canonical bytes, lower-case hex. */
export function planHash(plan: Plan): string {
  return sha256Hex(canonicalPlan(plan));
}

/**
 * Reads the plan that a hash names. What comes back has been checked against this vocabulary, whoever sent it.
 *
 * Units    `expectedHash` in lower-case hex.
 * Errors   PLAN_HASH_MISMATCH: other bytes than were hashed. PLAN_INVALID: bytes that are no resolved plan of this
 *          vocabulary, or not in canonical form, or that leave out a default.
 */
export function planFromCanonical(bytes: Uint8Array, expectedHash: string): Plan {
  if (sha256Hex(bytes) !== expectedHash) throw new ConsiliumError('PLAN_HASH_MISMATCH');
  let input: unknown;
  try {
    input = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new ConsiliumError('PLAN_INVALID', { problem: 'not JSON in UTF-8' }, error);
  }
  const plan = resolvePlan(input);
  // One comparison for two facts: the bytes are canonical, and resolving added nothing to them.
  if (Buffer.compare(canonicalPlan(plan), bytes) !== 0)
    throw new ConsiliumError('PLAN_INVALID', { problem: 'not the canonical form of a resolved plan' });
  return plan;
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
