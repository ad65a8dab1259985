import { Controller, Get, type INestApplication, Injectable } from '@nestjs/common';
import { ApiExcludeController, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from './version.js';

/** The description of the HTTP interface; made once, when all routes are known. */
@Injectable()
export class OpenApiDocument {
  private document: object = {};

  describe(app: INestApplication): void {
    const head = new DocumentBuilder()
      .setTitle('Consilium coordinator')
      .setVersion(VERSION)
      .addBearerAuth()
      .addSecurityRequirements('bearer')
      .build();
    this.document = SwaggerModule.createDocument(app, head);
  }

  read(): object {
    return this.document;
  }
}

/** Served by a controller of ours, and so behind the guard. */
@ApiExcludeController()
@Controller('api/openapi.json')
export class OpenApiController {
  constructor(private readonly document: OpenApiDocument) {}

  @Get()
  read() {
    return this.document.read();
  }
}
