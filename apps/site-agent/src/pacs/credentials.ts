import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import type { DicomwebSettings, TlsFiles } from './settings.js';

/** In PEM; undefined where the system's own authorities, or no certificate, are meant. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

const LARGEST_BYTES = 1 << 20;

/** Every problem is reported by its setting, never by its content. */
export class CredentialReader {
  readonly problems: string[] = [];

  constructor(private readonly root: string) {}

  tls(files: { readonly [File in keyof TlsFiles]?: string | undefined }): TlsMaterial {
    return {
      ca: this.pem(files.ca, 'ca', 'CERTIFICATE'),
      certificate: this.pem(files.certificate, 'certificate', 'CERTIFICATE'),
      key: this.pem(files.key, 'key', 'PRIVATE KEY'),
    };
  }

  /** The Authorization header, if the service wants one. */
  authorization(settings: DicomwebSettings): string | undefined {
    const line = (file: string | undefined, setting: string) => {
      const text = this.read(file, setting)?.replace(/\r?\n$/, '');
      if (text !== undefined && !/^[\x20-\x7e\u0080-\uffff]+$/.test(text))
        this.problems.push(`${setting}: must hold one line`);
      return text;
    };
    const token = line(settings.tokenFile, 'tokenFile');
    if (token !== undefined) return `Bearer ${token}`;
    const [user, password] = [line(settings.userFile, 'userFile'), line(settings.passwordFile, 'passwordFile')];
    if (user === undefined || password === undefined) return undefined;
    if (user.includes(':')) this.problems.push('userFile: a user name has no colon');
    return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  }

  /** Errors  CONFIG_INVALID. */
  throwIfAny(name: string): void {
    if (this.problems.length > 0)
      throw new ConsiliumError('CONFIG_INVALID', {
        problem: this.problems.map((problem) => `site.json: pacs ${name}: ${problem}`).join('; '),
      });
  }

  private pem(file: string | undefined, setting: string, marker: string): string | undefined {
    const text = this.read(file, setting);
    if (text !== undefined && !text.includes(`${marker}-----`))
      this.problems.push(`${setting}: no ${marker.toLowerCase()} in it`);
    return text;
  }

  private read(file: string | undefined, setting: string): string | undefined {
    if (file === undefined) return undefined;
    const path = join(this.root, file);
    try {
      const facts = lstatSync(path);
      if (!facts.isFile() || facts.size > LARGEST_BYTES) throw new Error('not a small file');
      return readFileSync(path, 'utf8');
    } catch {
      this.problems.push(`${setting}: cannot be read`);
      return undefined;
    }
  }
}
