import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { ConsiliumError } from '@consilium/errors';
import { sha256Hex } from '@consilium/tensors';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from './config.js';

/** The one secret of the person-facing HTTP until sign-in exists. */
@Injectable()
export class AccessToken {
  private readonly digest: Buffer;
  private readonly secret: Buffer;

  /** Errors  CONFIG_INVALID when the file holds nothing: an empty token would let everyone in. */
  constructor(@Inject(CONFIG) config: Pick<Config, 'tokenFile'>) {
    const token = readOrMake(config.tokenFile);
    if (token === '') throw new ConsiliumError('CONFIG_INVALID', { problems: 'CONSILIUM_TOKEN_FILE: it is empty' });
    this.digest = digestOf(token);
    this.secret = Buffer.from(token);
  }

  /** A key for one purpose, from which the token does not follow. */
  derive(purpose: string): Buffer {
    return createHmac('sha256', this.secret).update(purpose).digest();
  }

  /** Takes the same time whatever is wrong. */
  matches(candidate: string | undefined): boolean {
    return candidate !== undefined && timingSafeEqual(digestOf(candidate), this.digest);
  }
}

function readOrMake(file: string): string {
  const token = randomBytes(24).toString('base64url');
  try {
    // 'wx' fails if the file is there: two processes never overwrite each other's token.
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
    return token;
  } catch {
    return readFileSync(file, 'utf8').trim();
  }
}

function digestOf(text: string): Buffer {
  return Buffer.from(sha256Hex(text), 'hex');
}
