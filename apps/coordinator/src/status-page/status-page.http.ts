import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { entryView } from '../audit/audit.http.js';
import { AuditLog } from '../audit/audit-log.js';
import { bearerOf, OpenToEveryone } from '../platform/access.guard.js';
import { AccessToken } from '../platform/access-token.js';
import { CONFIG, type Config } from '../platform/config.js';
import { toHttp } from '../platform/error-translation.js';
import type { HttpReply, HttpRequest } from '../platform/http-types.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { PageSession } from '../platform/page-session.js';
import { ServerCertificate } from '../platform/server-certificate.js';
import { VERSION } from '../platform/version.js';
import { RunViews } from '../runs/run-view.js';
import { SiteService } from '../sites/site.service.js';
import { errorPage, PAGE_HEADERS, page, signInPage } from './parts.js';
import { statusPage } from './status-page.js';

const ENTRIES_SHOWN = 12;
const RUNS_SHOWN = 10;

@ApiExcludeController()
@Controller()
export class StatusPageController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'federation'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly token: AccessToken,
    private readonly session: PageSession,
    private readonly certificate: ServerCertificate,
    private readonly runs: RunViews,
    private readonly sites: SiteService,
    private readonly audit: AuditLog,
  ) {}

  /** Open to everyone, because a browser has no session before it has been here: it checks for itself. */
  @Get()
  @OpenToEveryone()
  async show(@Req() request: HttpRequest, @Res() reply: HttpReply, @Query('link') link?: unknown): Promise<void> {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) reply.header(name, value);
    if (typeof link === 'string' && this.session.use(link)) {
      reply.header('set-cookie', this.session.cookie());
      // Away from an address that works no more.
      reply.status(303).header('location', '/').send('');
      return;
    }
    if (!this.session.isIn(request) && !this.token.matches(bearerOf(request))) {
      reply.status(401).send(signInPage(link === undefined ? '' : 'This address has been used, or is too old.'));
      return;
    }
    try {
      reply.status(200).send(await this.render());
    } catch (error) {
      this.logger.error(errorFields(error), 'the status page could not be made');
      const { status, body } = toHttp(error);
      reply.status(status).send(errorPage(body.sentence));
    }
  }

  private async render(): Promise<string> {
    const size = Number(await this.audit.size());
    const entries = await this.audit.page(BigInt(Math.max(0, size - ENTRIES_SHOWN)), ENTRIES_SHOWN);
    const body = statusPage({
      ...{ federation: this.config.federation, version: VERSION, now: new Date(), auditSize: size },
      warnings: this.certificate.warnings(),
      runs: await this.runs.list(RUNS_SHOWN),
      sites: await this.sites.list(),
      entries: entries
        .map(entryView)
        .map(({ seq, type, at, entry }) => ({ seq, type, at, who: entry.actor.id }))
        .reverse(),
    });
    return page(body, true);
  }
}
