import { ConsiliumError, errorCode, printable } from '@consilium/errors';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** JSON lines on standard output. Nothing that names a patient, a file of the hospital or a pixel is ever passed in. */
export function createLogger(level: string, siteId: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { siteId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // JSON leaves some of what a terminal obeys as it is.
    hooks: { streamWrite: (line: string) => `${printable(line.trimEnd())}\n` },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What a log line says of an error: never the text of a foreign error, which may quote a path or a value of a file. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (error instanceof ConsiliumError) return { code: error.code, kind: error.kind, detail: error.detail };
  return {
    code: errorCode(error),
    origin: error instanceof Error ? error.name : typeof error,
    at: error instanceof Error ? error.stack?.split('\n').slice(1, 6) : undefined,
  };
}
