import { ConsiliumError, errorCode } from '@consilium/errors';

/**
 * Says whose disk is full: to a site DISK_FULL means its own, which it gives up over. Here a person makes room, so it tries
 * again. Errors  those of `work`; COORDINATOR_DISK_FULL for DISK_FULL.
 */
export async function onCoordinatorsDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw errorCode(error) === 'DISK_FULL' ? new ConsiliumError('COORDINATOR_DISK_FULL', {}, error) : error;
  }
}
