import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { PlanController } from './plan.http.js';
import { PlanService } from './plan.service.js';
import { PlanRegister } from './plan-register.js';
import { PlanSize } from './plan-size.js';

@Module({
  imports: [AuditModule],
  controllers: [PlanController],
  providers: [PlanService, PlanRegister, PlanSize],
  exports: [PlanRegister, PlanSize],
})
export class PlansModule {}
