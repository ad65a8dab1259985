import { ConsiliumError } from '@consilium/errors';

/** Errors  EVALUATION_INVALID, always. */
export function refuse(problem: string): never {
  throw new ConsiliumError('EVALUATION_INVALID', { problem });
}
