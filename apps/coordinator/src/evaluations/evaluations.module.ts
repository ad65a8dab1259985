import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { PlansModule } from '../plans/plans.module.js';
import { RoundsModule } from '../rounds/rounds.module.js';
import { EvaluationService } from './evaluation.service.js';

@Module({
  imports: [AuditModule, PlansModule, RoundsModule],
  providers: [EvaluationService],
  exports: [EvaluationService],
})
export class EvaluationsModule {}
