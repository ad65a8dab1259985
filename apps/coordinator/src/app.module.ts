import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AuditModule } from './audit/audit.module.js';
import { ModelsModule } from './models/models.module.js';
import { PlansModule } from './plans/plans.module.js';
import { AccessGuard } from './platform/access.guard.js';
import type { Config } from './platform/config.js';
import { ErrorFilter } from './platform/error-translation.js';
import { HealthController } from './platform/health.http.js';
import type { Logger } from './platform/logger.js';
import { OpenApiController, OpenApiDocument } from './platform/open-api.http.js';
import { platformModule } from './platform/platform.module.js';
import { RunsModule } from './runs/runs.module.js';
import { SiteEdgeModule } from './site-edge/site-edge.module.js';
import { SitesModule } from './sites/sites.module.js';
import { StatusPageModule } from './status-page/status-page.module.js';

@Module({})
export class AppModule {}

export function appModule(config: Config, logger: Logger): DynamicModule {
  return {
    module: AppModule,
    imports: [
      platformModule(config, logger),
      ...[AuditModule, ModelsModule, PlansModule, RunsModule, SitesModule, SiteEdgeModule, StatusPageModule],
    ],
    controllers: [HealthController, OpenApiController],
    providers: [
      OpenApiDocument,
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_FILTER, useClass: ErrorFilter },
    ],
  };
}
