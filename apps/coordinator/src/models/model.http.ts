import { Readable } from 'node:stream';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { parseRequest } from '../platform/request-schema.js';
import { ModelService } from './model.service.js';

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in lower-case hex');

@ApiTags('models')
@Controller('api/models')
export class ModelController {
  constructor(private readonly models: ModelService) {}

  @Get()
  async list() {
    return this.models.list();
  }

  @Get(':digest')
  async find(@Param('digest') digest: string) {
    return this.models.find(parseRequest(digestSchema, digest));
  }

  @Get(':digest/safetensors')
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'the weights', schema: { type: 'string', format: 'binary' } })
  async safetensors(@Param('digest') digest: string) {
    const { name, pieces } = await this.models.export(parseRequest(digestSchema, digest));
    return new StreamableFile(Readable.from(pieces, { objectMode: false }), {
      type: 'application/octet-stream',
      disposition: `attachment; filename="${name}"`,
    });
  }
}
