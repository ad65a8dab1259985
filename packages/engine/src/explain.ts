import { ConsiliumError } from '@consilium/errors';

/** What went wrong with a back end, for a person: the sentence of the table, and the reason. */
export function explain(error: unknown): string {
  if (!(error instanceof ConsiliumError)) return String(error);
  const reason = error.detail.reason;
  return reason === undefined ? error.message : `${error.message} (${reason})`;
}
