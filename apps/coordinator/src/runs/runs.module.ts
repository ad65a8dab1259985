import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ChunksModule } from '../chunks/chunks.module.js';
import { ModelsModule } from '../models/models.module.js';
import { PlansModule } from '../plans/plans.module.js';
import { RoundsModule } from '../rounds/rounds.module.js';
import { SitesModule } from '../sites/sites.module.js';
import { AbortRun } from './abort-run.js';
import { InvitationService } from './invitation.service.js';
import { LeaveRun } from './leave-run.js';
import { Results } from './results.js';
import { RunController } from './run.http.js';
import { RunService } from './run.service.js';
import { RunPreview } from './run-preview.js';
import { RunViews } from './run-view.js';

@Module({
  imports: [AuditModule, ChunksModule, ModelsModule, PlansModule, RoundsModule, SitesModule],
  controllers: [RunController],
  providers: [RunService, RunPreview, AbortRun, RunViews, Results, InvitationService, LeaveRun],
  exports: [RunViews, InvitationService, LeaveRun],
})
export class RunsModule {}
