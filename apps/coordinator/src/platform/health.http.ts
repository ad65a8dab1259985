import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OpenToEveryone } from './access.guard.js';
import { CONFIG, type Config } from './config.js';
import { VERSION } from './version.js';

@ApiTags('health')
@Controller('api/health')
export class HealthController {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'federation'>) {}

  @Get()
  @OpenToEveryone()
  health() {
    return { status: 'ok', federation: this.config.federation, version: VERSION };
  }
}
