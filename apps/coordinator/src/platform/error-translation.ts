import { ConsiliumError, ERRORS, type ErrorCode, type ErrorKind } from '@consilium/errors';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { withDatabaseErrors } from './database-error.js';
import type { HttpReply } from './http-types.js';
import { errorFields, LOGGER, type Logger } from './logger.js';

/** One thing that is wrong with a request. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  readonly nearest?: string;
}

/** An invalid request whose problems the caller may see: they speak of the caller's own words only. */
export class InvalidRequest extends ConsiliumError {
  constructor(
    code: Extract<ErrorCode, 'REQUEST_INVALID' | 'PLAN_INVALID' | 'MODEL_TOO_LARGE'>,
    readonly problems: readonly Problem[],
  ) {
    super(code, { problems: problems.length });
  }
}

const STATUS_OF_KIND = {
  invalid: 400,
  conflict: 409,
  denied: 403,
  missing: 404,
  exhausted: 429,
  unavailable: 503,
  ambiguous: 503,
  corrupt: 500,
  bug: 500,
} as const satisfies Record<ErrorKind, number>;

const NOT_SIGNED_IN = 401;

/** What HTTP says of an error: code, public sentence, and nothing of its detail. */
export function toHttp(cause: unknown): {
  status: number;
  body: { code: ErrorCode; sentence: string; problems?: readonly Problem[] };
} {
  const error = withDatabaseErrors(cause);
  const code = codeOf(error);
  const { kind, say } = ERRORS[code];
  return {
    status: code === 'NOT_SIGNED_IN' ? NOT_SIGNED_IN : STATUS_OF_KIND[kind],
    body: { code, sentence: say, ...(error instanceof InvalidRequest ? { problems: error.problems } : {}) },
  };
}

/** Nest and Fastify have errors of their own for unknown routes and unreadable bodies. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof ConsiliumError) return error.code;
  const status = error instanceof HttpException ? error.getStatus() : statusOfFastify(error);
  if (status === 404) return 'NOT_FOUND';
  if (status !== undefined && status >= 400 && status < 500) return 'REQUEST_INVALID';
  return 'INTERNAL';
}

function statusOfFastify(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, body } = toHttp(error);
    if (status >= 500) this.logger.error(errorFields(error), 'request failed');
    void host.switchToHttp().getResponse<HttpReply>().status(status).send(body);
  }
}
