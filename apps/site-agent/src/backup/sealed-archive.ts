import { createCipheriv, createDecipheriv, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { ConsiliumError } from '@consilium/errors';
import { z } from 'zod';

/** File of an archive, by its path within the site folder. */
export type ArchivedFiles = ReadonlyMap<string, Uint8Array>;

const MAGIC = 'CONSILIUM SITE BACKUP 1\n';
const TAG_BYTES = 16;
/** 128 MiB and about half a second a guess. */
const COST = { n: 2 ** 17, r: 8, p: 1 };
const MOST_MEMORY_BYTES = 2 ** 29;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const headerSchema = z.strictObject({
  n: z.literal([2 ** 15, 2 ** 16, 2 ** 17, 2 ** 18]),
  r: z.literal(8),
  p: z.literal(1),
  salt: hex(16),
  nonce: hex(12),
  /** Half of what the passphrase gives: tells a wrong passphrase from a damaged file, and nothing of the other half. */
  check: hex(32),
  sealedBytes: z.int().min(0),
});
type Header = z.output<typeof headerSchema>;

const indexSchema = z.array(z.strictObject({ path: z.string().min(1), bytes: z.int().min(0) }));

/**
 * Files in one, under a passphrase.
 *
 * Source   scrypt (RFC 7914) for the key, AES-256-GCM (NIST SP 800-38D) over the compressed files with the header as associated
 *          data; the key seals one archive only, since the salt is random.
 */
export async function sealArchive(files: ArchivedFiles, passphrase: string): Promise<Buffer> {
  const index = [...files].map(([path, { length }]) => ({ path, bytes: length }));
  const content = await promisify(gzip)(Buffer.concat([line(index), ...files.values()]));
  const salt = randomBytes(16);
  const { key, check } = await derive(passphrase, salt, COST);
  const nonce = randomBytes(12);
  const text = (bytes: Buffer) => bytes.toString('hex');
  const sealedBytes = content.length + TAG_BYTES;
  const header: Header = {
    ...(COST as Pick<Header, 'n' | 'r' | 'p'>),
    ...{ salt: text(salt), nonce: text(nonce), check: text(check), sealedBytes },
  };
  const head = Buffer.concat([Buffer.from(MAGIC), line(header)]);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(head);
  return Buffer.concat([head, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Errors  BACKUP_CORRUPT: no such archive, cut off or changed; BACKUP_PASSPHRASE_WRONG. */
export async function openArchive(archive: Buffer, passphrase: string): Promise<ArchivedFiles> {
  const { head, header, sealed } = parse(archive);
  const { key, check } = await derive(passphrase, Buffer.from(header.salt, 'hex'), header);
  if (!timingSafeEqual(check, Buffer.from(header.check, 'hex'))) throw new ConsiliumError('BACKUP_PASSPHRASE_WRONG');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(header.nonce, 'hex')).setAAD(head);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const content = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    return filesIn(await promisify(gunzip)(content));
  } catch (error) {
    throw corrupt('changed since it was made', error);
  }
}

function parse(archive: Buffer): { head: Buffer; header: Header; sealed: Buffer } {
  if (archive.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) throw corrupt('not a backup of a site');
  const end = archive.indexOf('\n', MAGIC.length);
  const header = end < 0 ? undefined : headerOf(archive.toString('utf8', MAGIC.length, end));
  if (!header) throw corrupt('its first lines are damaged');
  const sealed = archive.subarray(end + 1);
  if (sealed.length !== header.sealedBytes) throw corrupt(`${sealed.length} bytes of ${header.sealedBytes} are there`);
  return { head: archive.subarray(0, end + 1), header, sealed };
}

function headerOf(text: string): Header | undefined {
  try {
    return headerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON: as any other header that is not one
  }
}

function filesIn(content: Buffer): ArchivedFiles {
  let at = content.indexOf('\n') + 1;
  const index = indexSchema.parse(JSON.parse(content.toString('utf8', 0, at)));
  return new Map(
    index.map(({ path, bytes }) => {
      const file = content.subarray(at, at + bytes);
      at += bytes;
      return [path, file];
    }),
  );
}

async function derive(passphrase: string, salt: Uint8Array, { n, r, p }: Pick<Header, 'n' | 'r' | 'p'> | typeof COST) {
  const both = await new Promise<Buffer>((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), salt, 64, { N: n, r, p, maxmem: MOST_MEMORY_BYTES }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
  return { key: both.subarray(0, 32), check: both.subarray(32) };
}

function line(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

function corrupt(problem: string, cause?: unknown): ConsiliumError {
  return new ConsiliumError('BACKUP_CORRUPT', { problem }, cause);
}
