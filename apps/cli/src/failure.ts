import { ConsiliumError, ERRORS, type ErrorCode, type ErrorKind } from '@consilium/errors';
import { CommanderError } from 'commander';
import { say } from './terminal.js';

/** An error that knows, in this place, what the person does next. */
export class AdvisedError extends ConsiliumError {
  constructor(
    code: ErrorCode,
    readonly advice: string,
    detail: ConsiliumError['detail'] = {},
    cause?: unknown,
  ) {
    super(code, detail, cause);
  }
}

/** A command that was typed wrong in a way that only its action can see. */
export class UsageError extends CommanderError {
  constructor(sentence: string) {
    super(2, 'consilium.usage', sentence);
  }
}

/** What to do next, where a code has something of its own to say. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  COORDINATOR_UNREACHABLE: 'Start the coordinator with `consilium up`, or name its folder with --dir.',
  NOT_RUNNING: 'Start the coordinator with `consilium up`, or name its folder with --dir.',
  ALREADY_RUNNING: 'Stop it with `consilium down`, or use another folder with --dir.',
  NOT_SIGNED_IN: 'The token in the folder is not the one of the running coordinator: stop it and start it again.',
  POSTGRES_MISSING: 'Run `npm install` again, or set DATABASE_URL to a PostgreSQL server of your own.',
  POSTGRES_FAILED: 'The reason is in postgres/postgres.log below the folder of the federation.',
  ADDRESS_IN_USE: 'Choose another port with --http-port or --grpc-port.',
  PLAN_INVALID: 'Check it with `consilium plan validate FILE`.',
  MODEL_TOO_LARGE: 'Make the model smaller, or ask who runs the coordinator to set CONSILIUM_MAXIMUM_PARAMETERS.',
  BACK_END_UNAVAILABLE: 'See `consilium doctor`.',
  ENGINE_DISTRIBUTION_MISSING:
    'deploy/engine/README.md says which files are needed and how a machine without internet gets them.',
  ENGINE_DISTRIBUTION_CORRUPT: 'Fetch the file again, and start again.',
  ENGINE_DOWNLOAD_FAILED: 'Start again: it goes on where it ended.',
  ENGINE_INSTALLATION_CORRUPT: 'Run `consilium engine remove tensorflow`, then install it again.',
  DISK_FULL: 'Free some space, then start again: nothing is lost.',
};

const ADVICE_OF_KIND: Record<ErrorKind, string> = {
  invalid: 'Correct it and try again.',
  conflict: 'Look at the present state first, then decide.',
  denied: 'Ask who runs the federation.',
  missing: 'Check the name.',
  exhausted: 'Free something, then try again.',
  unavailable: 'Nothing has happened; try again in a while.',
  ambiguous: 'It may have happened: look first, then try again.',
  corrupt: 'Stop here, keep the evidence, and tell who runs the federation.',
  bug: 'This is a fault of Consilium itself; the log has the details.',
};

/** Prints `CODE: sentence`, the facts, and what to do next. Commander has already printed what it has to say. */
export function reportFailure(error: unknown): void {
  if (error instanceof UsageError) say(`error: ${error.message}`);
  if (error instanceof CommanderError) return;
  if (!(error instanceof ConsiliumError)) {
    say(`INTERNAL: ${ERRORS.INTERNAL.say}`);
    say(stackLines(error));
    return;
  }
  say(`${error.code}: ${error.message}`);
  for (const [name, value] of Object.entries(error.detail)) say(`  ${name}: ${value}`);
  say(error instanceof AdvisedError ? error.advice : (ADVICE[error.code] ?? ADVICE_OF_KIND[error.kind]));
  if (error.kind === 'bug' && error.cause instanceof Error) say(stackLines(error.cause));
}

/** Indented, so that no line of it looks like one of ours. */
function stackLines(error: unknown): string[] {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split('\n').map((line) => `  ${line}`);
}

/** 2 for a command that was typed wrong, 1 for anything that went wrong, 0 for asked-for help. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2;
}
