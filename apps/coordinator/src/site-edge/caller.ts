import { ConsiliumError } from '@consilium/errors';
import { type ServerCall, siteIdentity } from '@consilium/grpc';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config.js';
import { SiteService } from '../sites/site.service.js';

/** Names the agent's instance in every call after Hello. */
const INSTANCE = 'consilium-instance';

/** Who calls. A site is who its certificate says, never who a field says. */
@Injectable()
export class Caller {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'federation'>,
    private readonly sites: SiteService,
  ) {}

  get federation(): string {
    return this.config.federation;
  }

  /** The site whose certificate this is. Errors  SITE_UNKNOWN when it is of another federation. */
  member(call: ServerCall): string {
    const { federation, siteId } = siteIdentity(call);
    if (federation !== this.config.federation) throw new ConsiliumError('SITE_UNKNOWN', { federation });
    return siteId;
  }

  /**
   * As `member`, for an agent that says who it believes to be: one that works with another site's certificate is told so before
   * anything of it is kept. Errors  SITE_UNKNOWN, CERTIFICATE_OF_ANOTHER.
   */
  self(call: ServerCall, believed: { readonly federation: string; readonly siteId: string }): string {
    const siteId = this.member(call);
    const isOther =
      (believed.siteId !== '' && believed.siteId !== siteId) ||
      (believed.federation !== '' && believed.federation !== this.config.federation);
    if (isOther) throw new ConsiliumError('CERTIFICATE_OF_ANOTHER', { siteId });
    return siteId;
  }

  /** The calling site, whose newest instance this is. Errors  SITE_UNKNOWN, SITE_RUNNING_TWICE. */
  async current(call: ServerCall): Promise<string> {
    const siteId = this.member(call);
    await this.sites.requireCurrent(siteId, call.metadata(INSTANCE));
    return siteId;
  }
}
