import { type DynamicModule, Global, Module } from '@nestjs/common';
import { AccessToken } from './access-token.js';
import { CONFIG, type Config } from './config.js';
import { Database } from './database.js';
import { LOGGER, type Logger } from './logger.js';
import { PageSession } from './page-session.js';
import { ServerCertificate } from './server-certificate.js';
import { WakeQueue } from './wake-queue.js';

/** What every module may use. */
@Global()
@Module({})
export class PlatformModule {}

export function platformModule(config: Config, logger: Logger): DynamicModule {
  const values = [
    { provide: CONFIG, useValue: config },
    { provide: LOGGER, useValue: logger },
  ];
  const shared = [Database, WakeQueue, AccessToken, PageSession, ServerCertificate];
  return { module: PlatformModule, providers: [...values, ...shared], exports: [CONFIG, LOGGER, ...shared] };
}
