import { ConsiliumError, errorCode, printable } from '@consilium/errors';
import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Nest token of the one logger. */
export const LOGGER = Symbol('Logger');

/** JSON lines on standard error. Standard output belongs to whoever started the process. */
export function createLogger(level: 'info' | 'silent' = 'info'): Logger {
  return pino(
    {
      level,
      base: { process: 'coordinator' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // JSON leaves some of what a terminal obeys as it is.
      hooks: { streamWrite: (line) => `${printable(line.trimEnd())}\n` },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** What the local log says of an error: its code, its detail and, for what is not ours, the stack. */
export function errorFields(error: unknown): Record<string, unknown> {
  const code = errorCode(error);
  if (!(error instanceof ConsiliumError)) return { code, stack: error instanceof Error ? error.stack : String(error) };
  const cause = error.cause instanceof Error ? { cause: error.cause.stack } : {};
  return { code, detail: error.detail, ...cause, ...(error.kind === 'bug' ? { stack: error.stack } : {}) };
}

/** Nest's own messages in our log; its chatter about routes stays out. */
export function nestLogger(logger: Logger): LoggerService {
  const at = (level: 'error' | 'warn' | 'debug') => (message: unknown) => logger[level](String(message));
  return { log: () => undefined, error: at('error'), warn: at('warn'), debug: () => undefined, fatal: at('error') };
}
