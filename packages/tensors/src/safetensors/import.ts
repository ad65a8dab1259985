import { ConsiliumError } from '@consilium/errors';
import {
  BYTES_PER_VALUE,
  entryLength,
  type Layout,
  type LayoutEntry,
  layoutLength,
  requireValidLayout,
} from '../layout.js';
import { payloadValues } from '../manifest.js';
import { LAYOUT_KEY, LENGTH_BYTES, MAXIMUM_HEADER_BYTES, METADATA_KEY, type SafetensorsMetadata } from './format.js';
import { repeatedKey } from './repeated-key.js';

export interface SafetensorsHeader {
  readonly layout: Layout;
  /** What the file says about itself, without our own layout. */
  readonly metadata: SafetensorsMetadata;
  /** Where the data begins in the file, and how long it must be. */
  readonly dataStart: number;
  readonly dataBytes: number;
}

interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a whole safetensors file. A file of another program has no roles: all its blocks become shared trainable weights, in
 * the order of their data.
 *
 * Numbers  `values` is a view of `file` where its alignment allows.
 * Errors   SAFETENSORS_INVALID for anything but a well-formed file of float32 tensors without gaps, overlaps or repeated names.
 */
export function importSafetensors(file: Uint8Array): SafetensorsHeader & { readonly values: Float32Array } {
  const header = readSafetensorsHeader(file);
  if (file.byteLength !== header.dataStart + header.dataBytes)
    throw invalid('length of the data', { expected: header.dataBytes, got: file.byteLength - header.dataStart });
  return { ...header, values: payloadValues(file.subarray(header.dataStart)) };
}

/** Reads the header from the first bytes of a file; all of the header must be there. Errors  SAFETENSORS_INVALID. */
export function readSafetensorsHeader(start: Uint8Array): SafetensorsHeader {
  if (start.byteLength < LENGTH_BYTES) throw invalid('too short');
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAXIMUM_HEADER_BYTES)) throw invalid('header too long');
  const dataStart = LENGTH_BYTES + Number(length);
  if (start.byteLength < dataStart) throw invalid('header is cut off');
  const table = parseTable(start.subarray(LENGTH_BYTES, dataStart));

  const metadata = metadataOf(table.get(METADATA_KEY));
  table.delete(METADATA_KEY);
  const stored = [...table].map(([name, value]) => storedTensor(name, value));
  stored.sort((a, b) => a.begin - b.begin);
  let at = 0;
  for (const tensor of stored) {
    if (tensor.begin !== at) throw invalid(tensor.begin > at ? 'gap' : 'overlap', { parameter: tensor.name });
    at = tensor.end;
  }
  const { [LAYOUT_KEY]: ownLayout, ...foreign } = metadata;
  const layout = ownLayout === undefined ? stored.map(plainEntry) : ownEntries(ownLayout, stored);
  requireLayout(layout);
  return { layout, metadata: foreign, dataStart, dataBytes: layoutLength(layout) * BYTES_PER_VALUE };
}

function parseTable(bytes: Uint8Array): Map<string, unknown> {
  const value = parseJson(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  if (!isRecord(value)) throw invalid('header is not an object');
  return new Map(Object.entries(value));
}

/** Parses hostile JSON: no repeated keys, and every failure is ours (bad UTF-8, bad JSON, nesting that exhausts the stack). */
function parseJson(text: () => string): unknown {
  try {
    const json = text();
    if (!json.startsWith('{') && !json.startsWith('[')) throw invalid('JSON');
    const value: unknown = JSON.parse(json);
    const key = repeatedKey(json);
    if (key !== undefined) throw invalid('repeated name');
    return value;
  } catch (error) {
    throw error instanceof ConsiliumError ? error : invalid('JSON', {}, error);
  }
}

function metadataOf(value: unknown): SafetensorsMetadata {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((v) => typeof v === 'string')) throw invalid('metadata');
  return value as SafetensorsMetadata;
}

function storedTensor(name: string, value: unknown): StoredTensor {
  if (!isRecord(value)) throw invalid('tensor', { parameter: name });
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32') throw invalid('only F32 is read', { parameter: name });
  if (!isShape(shape)) throw invalid('shape', { parameter: name });
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0))
    throw invalid('offsets', { parameter: name });
  const [begin, end] = offsets as [number, number];
  // A product beyond 2^53 is rounded, but then it is no size of a file either.
  if (end - begin !== entryLength({ shape }) * BYTES_PER_VALUE) throw invalid('size', { parameter: name });
  return { name, shape, begin, end };
}

function plainEntry({ name, shape }: StoredTensor): LayoutEntry {
  return { name, shape, dtype: 'float32', role: 'weight', trainable: true, scope: 'shared' };
}

/** The layout that our own export wrote; it must describe exactly the tensors that are stored. */
function ownEntries(json: string, stored: readonly StoredTensor[]): Layout {
  const value = parseJson(() => json);
  if (!Array.isArray(value) || value.length !== stored.length) throw invalid('layout');
  return value.map((entry: unknown, i) => {
    const { name, shape } = stored[i]!;
    if (!isEntry(entry) || entry.name !== name || entry.shape.join() !== shape.join())
      throw invalid('layout differs from the tensors', { parameter: name });
    const { dtype, role, trainable, scope } = entry;
    return { name, shape, dtype, role, trainable, scope };
  });
}

function isEntry(value: unknown): value is LayoutEntry {
  if (!isRecord(value) || Object.keys(value).length !== 6) return false;
  return (
    typeof value.name === 'string' &&
    isShape(value.shape) &&
    value.dtype === 'float32' &&
    (value.role === 'weight' || value.role === 'norm' || value.role === 'running-statistic') &&
    typeof value.trainable === 'boolean' &&
    (value.scope === 'shared' || value.scope === 'site')
  );
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((d) => Number.isSafeInteger(d) && d >= 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requireLayout(layout: Layout): void {
  try {
    requireValidLayout(layout);
  } catch (error) {
    throw invalid('layout', {}, error);
  }
}

function invalid(reason: string, detail: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
  return new ConsiliumError('SAFETENSORS_INVALID', { reason, ...detail }, cause);
}
