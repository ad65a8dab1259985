import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { download, openUrl } from './download.js';
import type { DistributionSource } from './source.js';
import { chooseWheel, normalProject } from './wheel-name.js';

export interface IndexFile {
  readonly url: URL;
  readonly sha256?: string;
}

/** A package index that answers the simple API. Errors  ENGINE_DISTRIBUTION_MISSING, ENGINE_DOWNLOAD_FAILED. */
export function indexSource(index: URL, downloads: string): DistributionSource {
  return {
    wheel: async (request, context) => {
      const page = new URL(`${index.href.replace(/\/*$/, '')}/${normalProject(request.project)}/`);
      const response = await openUrl(page, { accept: 'text/html' }, context.signal);
      const missing = (reason: string) =>
        new ConsiliumError('ENGINE_DISTRIBUTION_MISSING', {
          wanted: `${request.project}${request.versions} for ${request.machine}`,
          where: withoutSecrets(page),
          reason,
        });
      if (!response.ok) throw missing(`the index answered ${response.status}`);
      const files = parseIndexPage(await response.text(), new URL(response.url || page));
      const wheel = chooseWheel(files.keys(), request);
      if (!wheel) throw missing('no file of the page fits');
      const { url, sha256 } = files.get(wheel.file)!;
      if (url.host === page.host && page.username)
        Object.assign(url, { username: page.username, password: page.password });
      const path = join(downloads, wheel.file);
      await download(url, path, context);
      return { path, isDownload: true, ...(sha256 && { sha256 }) };
    },
  };
}

/** Files of a project's page, by name; yanked ones are left out. Source  PEP 503, PEP 592. */
export function parseIndexPage(html: string, page: URL): Map<string, IndexFile> {
  const files = new Map<string, IndexFile>();
  for (const [, attributes = ''] of html.matchAll(/<a\s([^>]*)>/gi)) {
    const [, , quoted] = /\bhref\s*=\s*(["'])(.*?)\1/i.exec(attributes) ?? [];
    if (quoted === undefined || /\bdata-yanked\b/i.test(attributes)) continue;
    const url = new URL(quoted.replaceAll('&amp;', '&'), page);
    const [, sha256] = /^#sha256=([0-9a-f]{64})$/.exec(url.hash) ?? [];
    url.hash = '';
    files.set(decodeURIComponent(url.pathname.split('/').at(-1)!), { url, ...(sha256 && { sha256 }) });
  }
  return files;
}

/** For messages: a name and a password in an address stay out of them. */
export function withoutSecrets(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}
