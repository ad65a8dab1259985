import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { SitesModule } from '../sites/sites.module.js';
import { SignInController } from './sign-in.http.js';
import { StatusPageController } from './status-page.http.js';

@Module({ imports: [AuditModule, RunsModule, SitesModule], controllers: [StatusPageController, SignInController] })
export class StatusPageModule {}
