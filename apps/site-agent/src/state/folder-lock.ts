import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ConsiliumError } from '@consilium/errors';
import { isBusy } from './site-database.js';

/**
 * Keeps a second agent out of a site folder. The lock is the operating system's, held on a file through SQLite, so it is
 * gone the moment its process is gone, however it died: there is no stale lock to clear.
 */
export class FolderLock {
  private constructor(private readonly database: DatabaseSync) {}

  /** Errors  ALREADY_RUNNING. */
  static take(path: string): FolderLock {
    const database = new DatabaseSync(path, { timeout: 0 });
    // Who can open the file can lock it, and keep the agent from starting.
    chmodSync(path, 0o600);
    try {
      database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw isBusy(error) ? new ConsiliumError('ALREADY_RUNNING', {}, error) : error;
    }
    return new FolderLock(database);
  }

  static isTaken(path: string): boolean {
    try {
      FolderLock.take(path).release();
      return false;
    } catch (error) {
      if (error instanceof ConsiliumError && error.code === 'ALREADY_RUNNING') return true;
      throw error;
    }
  }

  release(): void {
    this.database.close();
  }
}
