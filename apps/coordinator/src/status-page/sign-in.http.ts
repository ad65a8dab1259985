import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { OpenToEveryone } from '../platform/access.guard.js';
import { AccessToken } from '../platform/access-token.js';
import type { HttpReply } from '../platform/http-types.js';
import { PageSession } from '../platform/page-session.js';
import { PAGE_HEADERS, signInPage } from './parts.js';

const form = z.object({ token: z.string().max(1000) });

/** How a browser comes to its session. */
@ApiTags('sign-in')
@Controller()
export class SignInController {
  constructor(
    private readonly token: AccessToken,
    private readonly session: PageSession,
  ) {}

  /** For whoever holds the token: the path of an address that signs one browser in, once, within ten minutes. */
  @Post('api/sign-in-links')
  @HttpCode(201)
  makeLink() {
    return { path: this.session.makeLink() };
  }

  /** The form of the page itself: the token travels in the body, never in an address. */
  @Post('sign-in')
  @OpenToEveryone()
  @ApiExcludeEndpoint()
  signIn(@Body() body: unknown, @Res() reply: HttpReply): void {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) reply.header(name, value);
    const said = form.safeParse(body);
    if (!said.success || !this.token.matches(said.data.token.trim())) {
      reply.status(401).send(signInPage('This is not the access token.'));
      return;
    }
    reply.header('set-cookie', this.session.cookie());
    reply.status(303).header('location', '/').send('');
  }
}
