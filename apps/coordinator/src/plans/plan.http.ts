import { planSchema } from '@consilium/plan';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { openApiSchema, parseRequest } from '../platform/request-schema.js';
import { PlanService, planView } from './plan.service.js';

/** The plan itself is read by packages/plan, which knows the nearest word to a wrong one. */
const createPlan = z.strictObject({ plan: z.unknown() });

@ApiTags('plans')
@Controller('api/plans')
export class PlanController {
  constructor(private readonly plans: PlanService) {}

  @Post()
  @HttpCode(201)
  @ApiBody({ schema: openApiSchema(z.object({ plan: planSchema })) })
  async create(@Body() body: unknown) {
    return planView(await this.plans.create(parseRequest(createPlan, body).plan));
  }

  @Get()
  async list() {
    return this.plans.list();
  }

  @Get(':hash')
  async find(@Param('hash') hash: string) {
    return planView(await this.plans.find(hash));
  }
}
