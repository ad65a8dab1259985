import { ConsiliumError } from '@consilium/errors';
import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessToken } from './access-token.js';
import type { HttpRequest } from './http-types.js';
import { PageSession } from './page-session.js';

const OPEN = Symbol('open to everyone');

/** The only way past the guard without a token. */
export const OpenToEveryone = () => SetMetadata(OPEN, true);

/**
 * Denies every request without the token; a route has to ask for the exception. A session only reads: a browser sends its cookie
 * along with a form of any other page of this host, whatever its port.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly token: AccessToken,
    private readonly session: PageSession,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    if (this.token.matches(bearerOf(request))) return true;
    if (request.method === 'GET' && this.session.isIn(request)) return true;
    throw new ConsiliumError('NOT_SIGNED_IN');
  }
}

/** The bearer token of a request. */
export function bearerOf(request: HttpRequest): string | undefined {
  return /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
