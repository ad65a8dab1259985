import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { SiteService } from './site.service.js';

@ApiTags('sites')
@Controller('api/sites')
export class SiteController {
  constructor(private readonly sites: SiteService) {}

  @Get()
  async list() {
    return this.sites.list();
  }
}
