import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ChunksModule } from '../chunks/chunks.module.js';
import { InitialModel } from './initial-model.js';
import { ModelController } from './model.http.js';
import { ModelService } from './model.service.js';
import { ModelRegistry } from './model-registry.js';

@Module({
  imports: [AuditModule, ChunksModule],
  controllers: [ModelController],
  providers: [ModelRegistry, ModelService, InitialModel],
  exports: [ModelRegistry, InitialModel],
})
export class ModelsModule {}
