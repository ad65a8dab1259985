import { z } from 'zod';
import type { BackEndDescription, DatasetDescription } from './site.service.js';

const count = z.int().min(0);
const dataset = z.object({ name: z.string(), version: z.string(), train: count, validation: count, test: count });
const backEnd = z.object({ name: z.string(), threads: count });

/** The datasets that a row of the table tells of. What does not read as one is left out: the next Hello writes all of them anew. */
export function datasetsIn(stored: unknown): DatasetDescription[] {
  return entriesOf(stored, dataset);
}

export function backEndsIn(stored: unknown): BackEndDescription[] {
  return entriesOf(stored, backEnd);
}

function entriesOf<T>(stored: unknown, schema: z.ZodType<T>): T[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry) => {
    const read = schema.safeParse(entry);
    return read.success ? [read.data] : [];
  });
}
