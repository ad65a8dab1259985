import type { Writable } from 'node:stream';
import { ConsiliumError } from '@consilium/errors';

/** Writes one message after another and waits whenever the peer is slower: at most a few messages are in memory. */
export async function writeAll<T>(
  stream: Writable,
  messages: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    signal.throwIfAborted();
    if (!stream.write(message)) await drained(stream, signal);
  }
}

async function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => () => {
      stream.off('drain', onDrain).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onDrain = settle(resolve);
    const onClose = settle(() => reject(new ConsiliumError('STOPPED')));
    const onAbort = settle(() => reject(signal.reason));
    stream.on('drain', onDrain).on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
