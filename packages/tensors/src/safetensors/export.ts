import { ConsiliumError } from '@consilium/errors';
import canonicalize from 'canonicalize';
import { BYTES_PER_VALUE, entryLength, type Layout, layoutLength, requireValidLayout } from '../layout.js';
import { LAYOUT_KEY, LENGTH_BYTES, METADATA_KEY, type SafetensorsMetadata } from './format.js';

/**
 * A model as a safetensors file, piece by piece: the header, then the chunks as they come. Never more than one chunk in memory.
 * Same layout, metadata and values, same bytes.
 *
 * Errors   LAYOUT_INVALID; SAFETENSORS_INVALID when a name is reserved; UPDATE_LAYOUT_MISMATCH when the chunks do not add up
 *          to the layout (thrown at the end: the file is then unusable).
 */
export async function* exportSafetensors(
  layout: Layout,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  metadata: SafetensorsMetadata = {},
): AsyncGenerator<Uint8Array> {
  yield safetensorsHeader(layout, metadata);
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    yield chunk;
  }
  const expected = layoutLength(layout) * BYTES_PER_VALUE;
  if (bytes !== expected) throw new ConsiliumError('UPDATE_LAYOUT_MISMATCH', { expected, got: bytes });
}

/** The file's bytes before the data. The payload of a layout is already what the format wants after it. */
export function safetensorsHeader(layout: Layout, metadata: SafetensorsMetadata = {}): Uint8Array {
  requireValidLayout(layout);
  let at = 0;
  const tensors = layout.map((entry) => {
    if (entry.name === METADATA_KEY) throw new ConsiliumError('SAFETENSORS_INVALID', { reason: 'reserved name' });
    const begin = at;
    at += entryLength(entry) * BYTES_PER_VALUE;
    return [entry.name, { dtype: 'F32', shape: entry.shape, data_offsets: [begin, at] }] as const;
  });
  const about = { ...metadata, [LAYOUT_KEY]: canonicalize(layout) as string };
  // fromEntries, because a plain assignment would lose a block of the name __proto__.
  const json = JSON.stringify(Object.fromEntries([[METADATA_KEY, about], ...tensors]));
  const text = new TextEncoder().encode(json);
  // Padded so that the data begins at a multiple of eight and can be mapped.
  const length = Math.ceil(text.byteLength / 8) * 8;
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20, LENGTH_BYTES);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}
