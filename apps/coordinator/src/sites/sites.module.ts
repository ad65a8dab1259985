import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { Presence } from './presence.js';
import { SiteController } from './site.http.js';
import { SiteService } from './site.service.js';

@Module({
  imports: [AuditModule],
  controllers: [SiteController],
  providers: [SiteService, Presence],
  exports: [SiteService, Presence],
})
export class SitesModule {}
