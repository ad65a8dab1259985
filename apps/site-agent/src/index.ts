export { AGENT_VERSION, type AgentOptions, runAgent } from './agent.js';
export { readConfig, type SiteConfig, type SiteSettings } from './platform/config.js';
export { readEnvironment } from './platform/env.js';
export { createLogger } from './platform/logger.js';
