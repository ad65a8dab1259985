import { configFrom } from './platform/config.js';
import { readEnvironment } from './platform/env.js';
import { createLogger, errorFields } from './platform/logger.js';
import { startCoordinator } from './start-coordinator.js';

// Whatever this process writes is of hospitals: no other user of the machine reads it.
process.umask(0o077);
const logger = createLogger();
// Nothing is printed around the log, whatever is thrown where nobody waits for it.
process.on('uncaughtException', (error) => {
  logger.fatal(errorFields(error), 'the coordinator ends');
  process.exit(1);
});

try {
  const coordinator = await startCoordinator(configFrom(readEnvironment()), logger);
  const { httpUrl, grpcAddress } = coordinator;
  const stop = (signal: string) => {
    logger.info({ signal }, 'stopping');
    coordinator.stop().then(
      () => letGoOfParent(),
      (error: unknown) => {
        logger.error(errorFields(error), 'could not stop cleanly');
        process.exitCode = 1;
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('SIGHUP', () => coordinator.renewCertificate());
  logger.info({ httpUrl, grpcAddress }, 'ready');
  process.send?.({ kind: 'ready', httpUrl, grpcAddress });
} catch (error) {
  logger.error(errorFields(error), 'could not start');
  process.exitCode = 1;
  letGoOfParent();
}

/** The channel to whoever forked this process would keep it alive. */
function letGoOfParent(): void {
  if (process.connected) process.disconnect();
}
