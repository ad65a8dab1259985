import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { entryView } from '../audit/audit.http.js';
import { AuditLog } from '../audit/audit-log.js';
import { OpenToEveryone, TOKEN_COOKIE, tokenOf } from '../platform/access.guard.js';
import { AccessToken } from '../platform/access-token.js';
import { CONFIG, type Config } from '../platform/config.js';
import { toHttp } from '../platform/error-translation.js';
import type { HttpReply, HttpRequest } from '../platform/http-types.js';
import { errorFields, LOGGER, type Logger } from '../platform/logger.js';
import { VERSION } from '../platform/version.js';
import { RunViews } from '../runs/run-view.js';
import { SiteService } from '../sites/site.service.js';
import { errorPage, page, signInPage } from './parts.js';
import { statusPage } from './status-page.js';

const ENTRIES_SHOWN = 12;
const RUNS_SHOWN = 10;
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
};

@ApiExcludeController()
@Controller()
export class StatusPageController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'federation'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly token: AccessToken,
    private readonly runs: RunViews,
    private readonly sites: SiteService,
    private readonly audit: AuditLog,
  ) {}

  /** Open to everyone, because a browser has no token before it has been here: it checks the token itself. */
  @Get()
  @OpenToEveryone()
  async show(@Req() request: HttpRequest, @Res() reply: HttpReply, @Query('token') token?: unknown): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) reply.header(name, value);
    if (typeof token === 'string' && this.token.matches(token)) {
      reply.header('set-cookie', `${TOKEN_COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`);
      // Away from the address that holds the token.
      reply.status(303).header('location', '/').send('');
      return;
    }
    if (token !== undefined || !this.token.matches(tokenOf(request))) {
      reply.status(401).send(signInPage());
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
