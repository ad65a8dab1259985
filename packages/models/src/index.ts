export { buildModel } from './build-model.js';
export { deriveSeed } from './derive-seed.js';
export { type Load, type MemoryNeeds, memoryNeeds } from './memory-needs.js';
export type * from './model.js';
export { modelPorts, type PortsOfPlan } from './model-ports.js';
export { MAXIMUM_PARAMETERS, parameterCount, requireFewParameters } from './parameter-count.js';
export { type Random, randomFrom } from './random.js';
