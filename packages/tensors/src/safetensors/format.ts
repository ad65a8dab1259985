/**
 * The file: u64 little-endian length N of the header, N bytes of JSON (an object, padded with spaces), then the raw
 * little-endian data. A tensor is `name: {dtype, shape, data_offsets: [begin, end]}` with offsets from the end of the header;
 * the data has no gaps. `__metadata__` is a table of strings.
 *
 * Source   safetensors format, version 0.4 and later: README of huggingface/safetensors.
 */
export const LENGTH_BYTES = 8;
/** Longest header that readers of this format accept. */
export const MAXIMUM_HEADER_BYTES = 100_000_000;
export const METADATA_KEY = '__metadata__';
/** Entry of the metadata that holds the layout with its roles as canonical JSON, so that an export imports to the same digest. */
export const LAYOUT_KEY = 'consilium.layout';

/** Strings by name that travel in the file, such as the plan's hash. */
export type SafetensorsMetadata = Readonly<Record<string, string>>;
