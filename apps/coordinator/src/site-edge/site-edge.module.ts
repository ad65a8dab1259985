import { Module } from '@nestjs/common';
import { EvaluationsModule } from '../evaluations/evaluations.module.js';
import { RoundsModule } from '../rounds/rounds.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { SitesModule } from '../sites/sites.module.js';
import { Caller } from './caller.js';
import { GrpcHost } from './grpc-host.js';
import { ResultEdge } from './result.grpc.js';
import { TransferEdge } from './transfer.grpc.js';
import { WorkEdge } from './work.grpc.js';

@Module({
  imports: [EvaluationsModule, RoundsModule, RunsModule, SitesModule],
  providers: [GrpcHost, Caller, WorkEdge, TransferEdge, ResultEdge],
})
export class SiteEdgeModule {}
