import { ConsiliumError } from '@consilium/errors';

/** Prisma's codes for a server that cannot be reached, has gone, or is too busy to begin. */
const PASSING_CODES: readonly unknown[] = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028'];
/** PostgreSQL's own: it was told to stop, ended one of its processes, is starting or stopping; a deadlock was resolved. */
const PASSING_STATES: readonly unknown[] = ['57P01', '57P02', '57P03', '40001', '40P01'];
/** The same in the words of its driver adapter, which a raw query reports. */
const PASSING_KINDS: readonly unknown[] = [
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
];
/** What the driver says when its connection breaks in the middle of a transaction; it has no code for it. */
const BROKEN = /connection error and is not queryable|connection terminated|server closed the connection/i;

/**
 * An error of the database that passes by itself becomes DATABASE_UNAVAILABLE, so that the caller tries again: its transaction
 * was rolled back. Every other error comes back as it is.
 */
export function withDatabaseErrors(error: unknown): unknown {
  return isPassing(error) ? new ConsiliumError('DATABASE_UNAVAILABLE', {}, error) : error;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof ConsiliumError) return false;
  const { code, meta } = error as { code?: unknown; meta?: { driverAdapterError?: { cause?: Cause } } };
  const { kind, originalCode: state = code } = meta?.driverAdapterError?.cause ?? {};
  return (
    PASSING_CODES.includes(code) ||
    PASSING_STATES.includes(state) ||
    PASSING_KINDS.includes(kind) ||
    BROKEN.test(error.message)
  );
}

interface Cause {
  readonly kind?: unknown;
  /** SQLSTATE. */
  readonly originalCode?: unknown;
}
