import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A secret in one of the forms in which it might leak. */
export interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Text as UTF-8, in small letters, UTF-16, hexadecimal and base64 at any of its three alignments. */
export function textNeedles(secret: string): Needle[] {
  const utf8 = Buffer.from(secret);
  const base64 = [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), utf8])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters at both ends also hold bits of the neighbours.
    return { form: `base64 at ${shift}`, bytes: Buffer.from(shifted.slice(shift === 0 ? 0 : shift + 1, -1)) };
  });
  const forms = [
    { form: 'utf-8', bytes: utf8 },
    { form: 'small letters', bytes: Buffer.from(secret.toLowerCase()) },
    { form: 'utf-16', bytes: Buffer.from(secret, 'utf16le') },
    { form: 'hexadecimal', bytes: Buffer.from(utf8.toString('hex')) },
    ...base64,
  ];
  return forms.map((form) => ({ secret, ...form }));
}

/** A digest without a key names a patient to whoever can guess the identifier. */
export function digestNeedles(secret: string): Needle[] {
  return ['md5', 'sha1', 'sha256'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(secret).digest();
    return [
      { secret, form: `${algorithm}, raw`, bytes: digest },
      { secret, form: `${algorithm}, hexadecimal`, bytes: Buffer.from(digest.toString('hex')) },
    ];
  });
}

/** Where needles are in a haystack, as `place: secret (form)`. */
export function findIn(place: string, haystack: Buffer, needles: readonly Needle[]): string[] {
  return needles
    .filter(({ bytes }) => haystack.includes(bytes))
    .map(({ secret, form }) => `${place}: ${secret} (${form})`);
}

/** Searches every file below a folder, names included. */
export function findBelow(
  folder: string,
  needles: readonly Needle[],
  isSkipped: (file: string) => boolean = () => false,
) {
  return filesBelow(folder)
    .filter((file) => !isSkipped(path.relative(folder, file)))
    .flatMap((file) => findIn(file, Buffer.concat([Buffer.from(`${file}\0`), readFileSync(file)]), needles));
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}
