/** What a TensorFlow context is made with. */
export interface SessionConfig {
  readonly threads: number;
  /** Most memory of each GPU in mebibytes; all of it when not given, taken as it is needed. */
  readonly gpuMemoryMebibytes?: number | undefined;
}

/**
 * The serialised tensorflow.ConfigProto, in lower-case hex as the addon reads it.
 *
 * Source   tensorflow/core/protobuf/config.proto: intra_op_parallelism_threads = 2, inter_op_parallelism_threads = 5,
 *          gpu_options = 6 { allow_growth = 4, experimental = 9 { virtual_devices = 1 { memory_limit_mb = 1 } } }.
 */
export function sessionConfig({ threads, gpuMemoryMebibytes }: SessionConfig): string {
  const gpu = varint(4, 1);
  if (gpuMemoryMebibytes !== undefined) gpu.push(...message(9, message(1, message(1, float32(gpuMemoryMebibytes)))));
  // One operation runs at a time in an eager context; more than one inter-op thread only costs memory.
  return Buffer.from([...varint(2, threads), ...varint(5, 1), ...message(6, gpu)]).toString('hex');
}

function varint(field: number, value: number): number[] {
  return [field << 3, ...base128(value)];
}

function message(field: number, body: readonly number[]): number[] {
  return [(field << 3) | 2, ...base128(body.length), ...body];
}

/** A packed list of one float. */
function float32(value: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return [...bytes];
}

function base128(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
