import { layoutLength } from '@consilium/tensors';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { planView } from '../plans/plan.service.js';
import { openApiSchema, parseRequest } from '../platform/request-schema.js';
import { AbortRun } from './abort-run.js';
import { Results } from './results.js';
import { RunService } from './run.service.js';
import { RunPreview } from './run-preview.js';
import { RunViews } from './run-view.js';

const createRun = z.strictObject({
  planHash: z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in lower-case hex'),
  sites: z.array(z.string().min(1).max(64)).min(1).optional(),
  dryRun: z.boolean().optional(),
});
const abortRun = z.strictObject({ reason: z.string().trim().min(1).max(500) });
const runId = z.uuid();

@ApiTags('runs')
@Controller('api/runs')
export class RunController {
  constructor(
    private readonly runs: RunService,
    private readonly preview: RunPreview,
    private readonly aborting: AbortRun,
    private readonly views: RunViews,
    private readonly results: Results,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiBody({ schema: openApiSchema(createRun) })
  async create(@Body() body: unknown) {
    const { dryRun, ...request } = parseRequest(createRun, body);
    if (dryRun !== true) return this.views.view(await this.runs.create(request));
    const { plan, sites } = await this.preview.of(request);
    const { rounds, strategy } = plan.plan;
    return {
      dryRun: true,
      ...planView(plan),
      sites,
      rounds,
      strategy: strategy.name,
      parameters: layoutLength(plan.layout),
    };
  }

  @Get()
  async list() {
    return this.views.list();
  }

  @Get(':id')
  async find(@Param('id') id: string) {
    return this.views.view(parseRequest(runId, id));
  }

  @Post(':id/abort')
  @HttpCode(200)
  @ApiBody({ schema: openApiSchema(abortRun) })
  async abort(@Param('id') id: string, @Body() body: unknown) {
    await this.aborting.abort(parseRequest(runId, id), parseRequest(abortRun, body).reason);
    return this.views.view(id);
  }

  @Get(':id/results')
  async resultsOf(@Param('id') id: string) {
    return this.results.of(parseRequest(runId, id));
  }
}
