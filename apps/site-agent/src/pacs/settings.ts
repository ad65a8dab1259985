import { isAbsolute } from 'node:path';
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
const aeTitle = z
  .string()
  .regex(/^[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?$/, '1 to 16 characters of ASCII');
const host = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?$|^::1$/, 'a host name or an IP address');
const port = z.int().min(1).max(65_535);
/** Credentials lie below the site folder: a setting cannot make the agent read other files of the machine. */
const file = z
  .string()
  .min(1)
  .refine((path) => !isAbsolute(path) && !path.split(/[\\/]/).includes('..'), 'a file below the site folder');

const tls = z.strictObject({ ca: file, certificate: file, key: file });

const dicomweb = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    /** Whom to trust; the system's own authorities when left out. */
    ca: file.optional(),
    certificate: file.optional(),
    key: file.optional(),
    userFile: file.optional(),
    passwordFile: file.optional(),
    tokenFile: file.optional(),
    allowLoopback: z.boolean().optional(),
    allowPlainHttp: z.boolean().optional(),
  })
  .refine((entry) => (entry.certificate === undefined) === (entry.key === undefined), 'certificate and key go together')
  .refine(
    (entry) => (entry.userFile === undefined) === (entry.passwordFile === undefined),
    'userFile and passwordFile go together',
  )
  .refine((entry) => !(entry.userFile && entry.tokenFile), 'either a user or a token')
  .refine(
    (entry) => entry.url.toLowerCase().startsWith('https:') || entry.allowPlainHttp === true,
    'plain http needs allowPlainHttp',
  );

const dimse = z.strictObject({
  aeTitle,
  host,
  port,
  callingAeTitle: aeTitle,
  /** How objects are asked for: the PACS sends them over the same association, or opens its own to our receiver. */
  retrieve: z.enum(['get', 'move']).default('get'),
  tls: tls.optional(),
  allowLoopback: z.boolean().optional(),
});

const entry = z
  .strictObject({ name, dicomweb: dicomweb.optional(), dimse: dimse.optional() })
  .refine((it) => (it.dicomweb === undefined) !== (it.dimse === undefined), 'either dicomweb or dimse');

/** `pacs` in site.json. */
export const pacsSchema = z
  .array(entry)
  .refine((entries) => new Set(entries.map((it) => it.name)).size === entries.length, 'a name occurs twice');

/** `receiver` in site.json: who may send to this site, for `--listen` and for C-MOVE. */
export const receiverSchema = z.strictObject({
  aeTitle,
  /** The address of this machine to listen on. */
  host: host.default('127.0.0.1'),
  port,
  tls: tls.optional(),
  /** Nobody else is let in. */
  peers: z.array(z.strictObject({ aeTitle, host })).default([]),
});

export type PacsEntry = z.output<typeof entry>;
export type DicomwebSettings = z.output<typeof dicomweb>;
export type DimseSettings = z.output<typeof dimse>;
export type TlsFiles = z.output<typeof tls>;
export type ReceiverSettings = z.output<typeof receiverSchema>;
