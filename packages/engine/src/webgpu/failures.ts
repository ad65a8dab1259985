import { ConsiliumError } from '@consilium/errors';
import type { WebgpuBackend } from './upstream.js';

/**
 * Makes a backend tell of what goes wrong on the device. WebGPU reports it beside the call, later or never; here the
 * next read, without which nobody sees a result, throws it.
 *
 * Errors   MEMORY_EXHAUSTED (at once for a buffer over the device's limits), DEVICE_LOST, KERNEL_UNSUPPORTED (a shader or a
 *          binding that the device refuses).
 */
export function reportFailures(backend: WebgpuBackend, device: GPUDevice): void {
  let failure: ConsiliumError | undefined;
  device.onuncapturederror = ({ error }) => {
    failure ??= translate(error);
  };
  void device.lost.then(({ reason, message }) => {
    failure = new ConsiliumError('DEVICE_LOST', { reason, message });
  });

  const { bufferManager } = backend;
  const acquire = bufferManager.acquireBuffer.bind(bufferManager);
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  bufferManager.acquireBuffer = (bytes, usage, ...rest) => {
    const limit = usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (bytes > limit) throw new ConsiliumError('MEMORY_EXHAUSTED', { bytes, limit, reason: 'one tensor' });
    return acquire(bytes, usage, ...rest);
  };

  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    try {
      const values = await read(dataId);
      if (failure) throw failure;
      return values;
    } catch (error) {
      // A read of a lost device is refused before the loss itself is told.
      await Promise.race([device.lost, nextTurn()]);
      throw failure ?? error;
    }
  };
}

function translate(error: GPUError): ConsiliumError {
  if (error instanceof GPUOutOfMemoryError) return new ConsiliumError('MEMORY_EXHAUSTED', { reason: error.message });
  return new ConsiliumError('KERNEL_UNSUPPORTED', { reason: error.message });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
