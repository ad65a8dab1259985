export { type Config, configFrom } from './platform/config.js';
export { createLogger } from './platform/logger.js';
export { type RunningCoordinator, startCoordinator } from './start-coordinator.js';
