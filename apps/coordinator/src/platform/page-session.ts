import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256Hex } from '@consilium/tensors';
import { Injectable } from '@nestjs/common';
import { AccessToken } from './access-token.js';
import type { HttpRequest } from './http-types.js';

const LINK_MS = 600_000;
const MOST_LINKS = 100;
const SESSION_SECONDS = 12 * 3600;
const SESSION = /^(\d{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/**
 * How a browser is signed in: by an address that works once, or by the token in a form, it gets a cookie that only reads. The
 * cookie is no secret of anything else: an end of validity and random bytes, under a MAC whose key follows from the token. Its
 * name is of this coordinator, because browsers send cookies to every port of a host.
 */
@Injectable()
export class PageSession {
  private readonly cookieName: string;
  /** SHA-256 of links that were not used yet, and until when they work. */
  private readonly links = new Map<string, number>();

  constructor(private readonly token: AccessToken) {
    this.cookieName = `consilium-${token.derive('name of the cookie').toString('hex').slice(0, 12)}`;
  }

  /** The path of an address that signs one browser in, within ten minutes. */
  makeLink(): string {
    const link = randomBytes(24).toString('base64url');
    const nowMs = Date.now();
    for (const [known, untilMs] of this.links) if (untilMs < nowMs) this.links.delete(known);
    // The oldest goes: whoever asks for so many wants none of them.
    if (this.links.size >= MOST_LINKS) this.links.delete(this.links.keys().next().value!);
    this.links.set(sha256Hex(link), nowMs + LINK_MS);
    return `/?link=${link}`;
  }

  /** Whether a link works; it does no more then. */
  use(link: string): boolean {
    const name = sha256Hex(link);
    const untilMs = this.links.get(name) ?? 0;
    this.links.delete(name);
    return untilMs >= Date.now();
  }

  /** The Set-Cookie of a new session. */
  cookie(): string {
    const until = Math.floor(Date.now() / 1000) + SESSION_SECONDS;
    const said = `${until}.${randomBytes(16).toString('base64url')}`;
    return `${this.cookieName}=${said}.${this.mac(said)}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_SECONDS}`;
  }

  /** Whether a request carries a session that has not ended. */
  isIn(request: HttpRequest): boolean {
    const cookies = (request.headers.cookie ?? '').split(/;\s*/);
    const own = cookies.filter((cookie) => cookie.startsWith(`${this.cookieName}=`));
    return own.some((cookie) => this.isValid(cookie.slice(this.cookieName.length + 1)));
  }

  private isValid(session: string): boolean {
    const [, until, random, mac] = SESSION.exec(session) ?? [];
    if (until === undefined || mac === undefined) return false;
    const isOurs = timingSafeEqual(Buffer.from(this.mac(`${until}.${random}`)), Buffer.from(mac));
    return isOurs && Number(until) * 1000 > Date.now();
  }

  private mac(said: string): string {
    return createHmac('sha256', this.token.derive('session of the status page')).update(said).digest('base64url');
  }
}
