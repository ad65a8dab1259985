import { X509Certificate } from 'node:crypto';
import { ConsiliumError } from '@consilium/errors';
import type { TlsIdentity } from './connection-options.js';

const DAY_MS = 86_400_000;
/** From so many days before its end on, people are warned. */
export const WARN_DAYS = 30;

export interface Validity {
  readonly what: 'certificate' | 'authority';
  readonly until: Date;
  /** Whole days; negative when it has expired. */
  readonly daysLeft: number;
  /** `warned` is valid, for less than WARN_DAYS days. */
  readonly state: 'valid' | 'warned' | 'expired';
}

/** Until when a process's own certificate and its authority's are valid. Errors  CERTIFICATE_INVALID. */
export function validityOf(tls: Pick<TlsIdentity, 'ca' | 'certificate'>, now = new Date()): Validity[] {
  return [read('certificate', tls.certificate, now), read('authority', tls.ca, now)];
}

/** Errors  CERTIFICATE_EXPIRED, CERTIFICATE_INVALID. */
export function requireUnexpired(tls: Pick<TlsIdentity, 'ca' | 'certificate'>, now = new Date()): void {
  for (const { what, until, state } of validityOf(tls, now))
    if (state === 'expired') throw new ConsiliumError('CERTIFICATE_EXPIRED', { what, until: until.toISOString() });
}

function read(what: Validity['what'], pem: string, now: Date): Validity {
  let until: Date;
  try {
    until = new Date(new X509Certificate(pem).validTo);
  } catch (error) {
    throw new ConsiliumError('CERTIFICATE_INVALID', { part: what }, error);
  }
  const leftMs = until.getTime() - now.getTime();
  const state = leftMs <= 0 ? 'expired' : leftMs < WARN_DAYS * DAY_MS ? 'warned' : 'valid';
  return { what, until, daysLeft: Math.floor(leftMs / DAY_MS), state };
}
