import {
  ConsiliumError,
  ERRORS,
  type ErrorCode,
  type ErrorDetail,
  type ErrorKind,
  errorCode,
  isErrorCode,
} from '@consilium/errors';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

/** Trailer that carries the code of packages/errors; the public sentence is the message of the status. */
export const CODE_TRAILER = 'consilium-code';

/** Trailer of RATE_LIMITED: after how many milliseconds the call may come again. */
const RETRY_TRAILER = 'consilium-retry-after-ms';

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

/** A stream that was reset below gRPC: the server answers with a code, so nobody has answered. */
const CUT_OFF = /^(Received RST_STREAM|Bandwidth exhausted)/;

/** What TLS says of a server whose certificate is too old. */
const EXPIRED = /certificate has expired/i;

/** What goes over the wire for an error: its code and public sentence. Anything that is not ours becomes INTERNAL. */
export function toServiceError(error: unknown): ServiceError {
  const code = errorCode(error);
  const { kind, say } = ERRORS[code];
  const metadata = new Metadata();
  metadata.set(CODE_TRAILER, code);
  if (error instanceof ConsiliumError && code === 'RATE_LIMITED')
    metadata.set(RETRY_TRAILER, String(error.detail.retryAfterMs ?? 0));
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
  if (isErrorCode(code)) return new ConsiliumError(code, waitOf(error, code), error);
  const detail = { status: status[error.code] ?? error.code };
  if (EXPIRED.test(error.details)) return new ConsiliumError('COORDINATOR_CERTIFICATE_EXPIRED', detail, error);
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
      return new ConsiliumError(CUT_OFF.test(error.details) ? 'ANSWER_LOST' : 'INTERNAL', detail, error);
  }
}

function waitOf({ metadata }: ServiceError, code: ErrorCode): ErrorDetail {
  const retryAfterMs = Number(metadata.get(RETRY_TRAILER)[0]);
  return code === 'RATE_LIMITED' && retryAfterMs >= 0 ? { retryAfterMs } : {};
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
