// x509 finds its algorithms through a container that needs this first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { ConsiliumError } from '@consilium/errors';
import * as x509 from '@peculiar/x509';
import { checkedName, siteUri } from './names.js';

/** A federation's certificate authority. Its key makes certificates for any site: it stays with the federation. */
export interface Authority {
  readonly federation: string;
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** What a process needs for mutual TLS, all in PEM. */
export interface IssuedCertificate {
  /** The authority's certificate: whom this process trusts. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Clocks of two hospitals differ. */
const CLOCK_SKEW_MS = 300_000;

/**
 * Makes an authority for a federation (ECDSA P-256).
 *
 * Units    validDays from now; certificates are valid from five minutes ago, because clocks differ.
 * Errors   CERTIFICATE_INVALID when the name is not made of lower-case words.
 */
export async function createAuthority(options: { federation: string; validDays?: number }): Promise<Authority> {
  const federation = checkedName(options.federation);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options.validDays ?? 3650),
    serialNumber: serialNumber(),
    name: subject('certificate authority', federation),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { federation, certificate: certificate.toString('pem'), key: await keyPem(keys.privateKey) };
}

/**
 * Issues the coordinator's server certificate for the names and addresses that sites dial.
 *
 * Errors   CERTIFICATE_INVALID when no host is given or the authority's key cannot be read.
 */
export async function issueCoordinatorCertificate(
  authority: Authority,
  options: { hosts: readonly string[]; validDays?: number },
): Promise<IssuedCertificate> {
  if (options.hosts.length === 0) throw new ConsiliumError('CERTIFICATE_INVALID', { hosts: 0 });
  const names = options.hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host }) as const);
  return issue(authority, 'coordinator', x509.ExtendedKeyUsage.serverAuth, names, options.validDays);
}

/**
 * Issues a site's client certificate; its one name is `consilium://<federation>/site/<site id>`.
 *
 * Errors   CERTIFICATE_INVALID when the id is not made of lower-case words or the authority's key cannot be read.
 */
export async function issueSiteCertificate(
  authority: Authority,
  options: { siteId: string; validDays?: number },
): Promise<IssuedCertificate> {
  const names = [{ type: 'url', value: siteUri(authority.federation, options.siteId) } as const];
  return issue(authority, options.siteId, x509.ExtendedKeyUsage.clientAuth, names, options.validDays);
}

async function issue(
  authority: Authority,
  commonName: string,
  usage: x509.ExtendedKeyUsage,
  names: x509.JsonGeneralNames,
  validDays = 365,
): Promise<IssuedCertificate> {
  const { certificate: issuer, key: signingKey } = await readAuthority(authority);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(validDays),
    serialNumber: serialNumber(),
    subject: subject(commonName, authority.federation),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return {
    ca: authority.certificate,
    certificate: certificate.toString('pem'),
    key: await keyPem(keys.privateKey),
  };
}

async function readAuthority(authority: Authority) {
  try {
    const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
    return { certificate: new x509.X509Certificate(authority.certificate), key };
  } catch (error) {
    throw new ConsiliumError('CERTIFICATE_INVALID', { federation: authority.federation }, error);
  }
}

async function generateKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function subject(commonName: string, federation: string): x509.JsonName {
  return [{ CN: [commonName] }, { O: [federation] }];
}

function validity(days: number) {
  return { notBefore: new Date(Date.now() - CLOCK_SKEW_MS), notAfter: new Date(Date.now() + days * DAY_MS) };
}

/** Sixteen random bytes, positive and without a leading zero, as RFC 5280 wants. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}
