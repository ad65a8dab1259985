import { Module } from '@nestjs/common';
import { EvaluationsModule } from '../evaluations/evaluations.module.js';
import { RoundsModule } from '../rounds/rounds.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { SitesModule } from '../sites/sites.module.js';
import { GrpcHost } from './grpc-host.js';
import { SiteEdge } from './site.grpc.js';

@Module({ imports: [EvaluationsModule, RoundsModule, RunsModule, SitesModule], providers: [GrpcHost, SiteEdge] })
export class SiteEdgeModule {}
