export { AGENT_VERSION, type AgentOptions, runAgent } from './agent.js';
export { DatasetStore } from './datasets/dataset-store.js';
export { type AnnotatePool, type DecodePool, openDecodePool, type ScanPool } from './decoding/decode-pool.js';
export { readConfig, type SiteConfig, type SiteSettings } from './platform/config.js';
export { readEnvironment } from './platform/env.js';
export { createLogger } from './platform/logger.js';
export { TensorCache } from './preprocessing/tensor-cache.js';
export { openTensorFile } from './preprocessing/tensor-file.js';
