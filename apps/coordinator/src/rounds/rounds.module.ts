import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ChunksModule } from '../chunks/chunks.module.js';
import { ModelsModule } from '../models/models.module.js';
import { PlansModule } from '../plans/plans.module.js';
import { RunRepository } from '../runs/run.repository.js';
import { RunTransitions } from '../runs/run-transitions.js';
import { SitesModule } from '../sites/sites.module.js';
import { AdvanceRun } from './advance-run.js';
import { AggregateRound } from './aggregate-round.js';
import { Announce } from './announce.js';
import { FindWork } from './find-work.js';
import { GiveUp } from './give-up.js';
import { MakeCandidate } from './make-candidate.js';
import { ProgressService } from './progress.service.js';
import { RoundTransitions } from './round-transitions.js';
import { RunDriver } from './run-driver.js';
import { TransferService } from './transfer.service.js';
import { UpdateService } from './update.service.js';
import { UpdateRetention } from './update-retention.js';
import { WorkService } from './work.service.js';
import { WorkBell } from './work-bell.js';

/** The heart: how a run goes on, and what sites do in a round. */
@Module({
  imports: [AuditModule, ChunksModule, ModelsModule, PlansModule, SitesModule],
  providers: [
    ...[
      AdvanceRun,
      RunDriver,
      RunRepository,
      RunTransitions,
      RoundTransitions,
      AggregateRound,
      MakeCandidate,
      Announce,
      GiveUp,
      UpdateRetention,
    ],
    ...[WorkBell, FindWork, WorkService, ProgressService, TransferService, UpdateService],
  ],
  exports: [
    ...[RunDriver, RunRepository, RunTransitions, RoundTransitions, Announce],
    ...[WorkBell, WorkService, ProgressService, TransferService, UpdateService],
  ],
})
export class RoundsModule {}
