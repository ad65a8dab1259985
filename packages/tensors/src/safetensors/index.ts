export { exportSafetensors, safetensorsHeader } from './export.js';
export type { SafetensorsMetadata } from './format.js';
export { importSafetensors, readSafetensorsHeader, type SafetensorsHeader } from './import.js';
