export { applyDelta, areFinite, deltaOf, l2Norm, requireFinite, sumOfSquares } from './arithmetic.js';
export {
  BYTES_PER_VALUE,
  entryLength,
  type Layout,
  type LayoutEntry,
  layoutDigest,
  layoutLength,
  type Role,
  requireValidLayout,
  type Scope,
  sha256Hex,
} from './layout.js';
export {
  CHUNK_BYTES,
  chunkLength,
  chunksOf,
  type Manifest,
  manifestDigest,
  manifestOf,
  payloadBytes,
  payloadValues,
  requireManifestFits,
} from './manifest.js';
export {
  exportSafetensors,
  importSafetensors,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsMetadata,
  safetensorsHeader,
} from './safetensors/index.js';
export {
  hasRunningStatistics,
  holdsVariances,
  liftVariances,
  requireVariances,
  type VarianceRange,
  varianceRanges,
} from './variances.js';
