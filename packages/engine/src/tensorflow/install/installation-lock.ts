import { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';

/**
 * Keeps a second installer out of a folder. The lock is the operating system's, held on a file through SQLite, so that it
 * is gone with its process, however that ends. Errors  ALREADY_RUNNING.
 */
export function lockInstallation(path: string): { release(): void } {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (/locked|busy/i.test(String(error))) throw new ConsiliumError('ALREADY_RUNNING', { lock: path }, error);
    throw error;
  }
  return { release: () => database.close() };
}
