import { ConsiliumError } from '@consilium/errors';
import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessToken } from './access-token.js';
import type { HttpRequest } from './http-types.js';

const OPEN = Symbol('open to everyone');
export const TOKEN_COOKIE = 'consilium_token';

/** The only way past the guard without a token. */
export const OpenToEveryone = () => SetMetadata(OPEN, true);

/** Denies every request without the token; a route has to ask for the exception. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly token: AccessToken,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()])) return true;
    if (this.token.matches(tokenOf(context.switchToHttp().getRequest<HttpRequest>()))) return true;
    throw new ConsiliumError('NOT_SIGNED_IN');
  }
}

/**
 * The bearer token of a request, or the one in its cookie. A cookie only reads: a browser sends it along with a form of any
 * other page of this host, whatever its port.
 */
export function tokenOf(request: HttpRequest): string | undefined {
  const bearer = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '');
  if (bearer) return bearer[1];
  if (request.method !== 'GET') return undefined;
  const cookies = (request.headers.cookie ?? '').split(/;\s*/);
  return cookies.find((cookie) => cookie.startsWith(`${TOKEN_COOKIE}=`))?.slice(TOKEN_COOKIE.length + 1);
}
