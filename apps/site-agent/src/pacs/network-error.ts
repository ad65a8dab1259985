import { ConsiliumError } from '@consilium/errors';
import { errors } from 'undici';
import { stopReason } from '../platform/stopping.js';

const OF_CERTIFICATES = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/**
 * What sockets, TLS and undici say, in our words: the stop that ended them, PACS_DENIED for a certificate that does not fit
 * (trying again cannot help), PACS_ANSWER_INVALID for what is no HTTP, PACS_UNREACHABLE for the rest of the network. Any other error as it is.
 */
export function networkError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof ConsiliumError) return error;
  if (signal.aborted) return stopReason(signal);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (OF_CERTIFICATES.test(code)) return new ConsiliumError('PACS_DENIED', { tls: code }, error);
  if (error instanceof errors.HTTPParserError)
    return new ConsiliumError('PACS_ANSWER_INVALID', { problem: 'no HTTP' }, error);
  const isNetwork = error instanceof errors.UndiciError || NETWORK_CODES.has(code);
  return isNetwork ? new ConsiliumError('PACS_UNREACHABLE', { network: code }, error) : error;
}

/** Those of the disk (ENOSPC, EACCES, ...) are none of the PACS's. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
]);
