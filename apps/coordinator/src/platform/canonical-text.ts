import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';

/** RFC 8785 text of a value of JSON. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new ConsiliumError('INTERNAL', { reason: 'no canonical form' });
  return text;
}
