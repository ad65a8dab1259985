import { ConsiliumError, ERRORS, type ErrorKind, errorCode, isErrorCode } from '@consilium/errors';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** Trailer that carries the code of packages/errors; the public sentence is the message of the status. */
export const CODE_TRAILER = 'consilium-code';

const STATUS_OF_KIND = {
  invalid: status.INVALID_ARGUMENT,
  conflict: status.FAILED_PRECONDITION,
  denied: status.PERMISSION_DENIED,
  missing: status.NOT_FOUND,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  ambiguous: status.ABORTED,
  corrupt: status.DATA_LOSS,
  bug: status.INTERNAL,
} as const satisfies Record<ErrorKind, status>;

/** grpc-js says so when a call never left this machine: only then is nothing ambiguous. */
const NEVER_SENT = /^(No connection established|Name resolution failed|Failed to parse DNS|Channel closed before)/;

/** What goes over the wire for an error: its code and public sentence. Anything that is not ours becomes INTERNAL. */
export function toServiceError(error: unknown): ServiceError {
  const code = errorCode(error);
  const { kind, say } = ERRORS[code];
  const metadata = new Metadata();
  metadata.set(CODE_TRAILER, code);
  return Object.assign(new Error(say), { code: STATUS_OF_KIND[kind], details: say, metadata });
}

/**
 * The error of a failed call. Without a code from the other side: COORDINATOR_UNREACHABLE when the call was never sent,
 * ANSWER_LOST when it may have been carried out, STOPPED when this side ended it, INTERNAL otherwise.
 */
export function fromServiceError(error: unknown): ConsiliumError {
  if (error instanceof ConsiliumError) return error;
  if (!isServiceError(error)) return new ConsiliumError('INTERNAL', {}, error);
  const [code] = error.metadata?.get(CODE_TRAILER) ?? [];
  if (isErrorCode(code)) return new ConsiliumError(code, {}, error);
  const detail = { status: status[error.code] ?? error.code };
  switch (error.code) {
    case status.UNAVAILABLE:
      return new ConsiliumError(
        NEVER_SENT.test(error.details) ? 'COORDINATOR_UNREACHABLE' : 'ANSWER_LOST',
        detail,
        error,
      );
    case status.DEADLINE_EXCEEDED:
      return new ConsiliumError('ANSWER_LOST', detail, error);
    case status.CANCELLED:
      return new ConsiliumError('STOPPED', detail, error);
    default:
      return new ConsiliumError('INTERNAL', detail, error);
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
