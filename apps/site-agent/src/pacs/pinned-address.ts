import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { ConsiliumError } from '@consilium/errors';

/** An address that was looked up once, judged, and is dialled as it was then, whatever the name says later. */
export interface PinnedAddress {
  readonly host: string;
  readonly port: number;
  readonly ip: string;
}

export type Resolve = (host: string) => Promise<readonly string[]>;

const systemResolve: Resolve = async (host) =>
  (await systemLookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Never dialled: nothing there is a PACS, and clouds keep their credentials at some of them. */
const FORBIDDEN = blockList([
  '0.0.0.0/8', // this network
  '169.254.0.0/16', // link-local, and the metadata service of most clouds
  '100.100.100.200/32', // metadata (Alibaba)
  '192.0.0.0/24', // IETF assignments, metadata (Oracle)
  '168.63.129.16/32', // metadata (Azure)
  '198.18.0.0/15', // benchmarks
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '::/128', // unspecified
  'fe80::/10', // link-local
  'fec0::/10', // site-local, withdrawn
  'ff00::/8', // multicast
  'fd00:ec2::/32', // metadata (AWS)
  'fd20:ce::/32', // metadata (Google)
  '2001::/32', // Teredo: an IPv4 address inside, obscured
  '100::/64', // discard
]);
const LOOPBACK = blockList(['127.0.0.0/8', '::1/128']);

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, prefix] = range.split('/') as [string, string];
    list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * Looks a host up once and pins one of its addresses. All of its addresses must be allowed: a name that also points into
 * this machine is not a PACS.
 *
 * Errors   PACS_ADDRESS_DENIED, PACS_UNREACHABLE (no such name).
 * Source   IANA special-purpose address registries (RFC 6890).
 */
export async function pinAddress(
  target: { readonly host: string; readonly port: number; readonly allowLoopback: boolean },
  signal: AbortSignal,
  resolve: Resolve = systemResolve,
): Promise<PinnedAddress> {
  const { host, port } = target;
  const ips = isIP(host) ? [host] : await lookUp(host, resolve, signal);
  for (const ip of ips) {
    const kind = kindOf(ip);
    if (kind === 'forbidden' || (kind === 'loopback' && !target.allowLoopback))
      throw new ConsiliumError('PACS_ADDRESS_DENIED', { address: kind });
  }
  return { host, port, ip: ips[0]! };
}

async function lookUp(host: string, resolve: Resolve, signal: AbortSignal): Promise<readonly string[]> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new ConsiliumError('STOPPED'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const ips = await Promise.race([resolve(host), stopped]);
    if (ips.length === 0 || !ips.every((ip) => isIP(ip))) throw new ConsiliumError('PACS_UNREACHABLE');
    return ips;
  } catch (error) {
    throw error instanceof ConsiliumError ? error : new ConsiliumError('PACS_UNREACHABLE', { problem: 'no such host' });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Judges an address by the IPv4 address inside it where it has one: mapped, compatible, translated (NAT64) or 6to4. */
export function kindOf(ip: string): 'allowed' | 'loopback' | 'forbidden' {
  if (isIPv4(ip)) return judge(ip, 'ipv4');
  const plain = ip.split('%')[0]!;
  const words = expand(plain);
  const outer = judge(plain, 'ipv6');
  if (outer !== 'allowed') return outer;
  const inner = innerIpv4(words);
  return inner === undefined ? 'allowed' : judge(inner, 'ipv4');
}

function judge(ip: string, family: 'ipv4' | 'ipv6'): 'allowed' | 'loopback' | 'forbidden' {
  if (LOOPBACK.check(ip, family)) return 'loopback';
  return FORBIDDEN.check(ip, family) ? 'forbidden' : 'allowed';
}

/** The eight words of an IPv6 address; the URL parser writes it in its one canonical form first. */
function expand(ip: string): number[] {
  const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)));
  const [first, last] = [words(head), words(tail ?? '')];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function innerIpv4(w: readonly number[]): string | undefined {
  const isZero = (from: number, to: number) => w.slice(from, to).every((word) => word === 0);
  const last = dotted(w[6]!, w[7]!);
  if (isZero(0, 5) && (w[5] === 0xffff || w[5] === 0)) return last; // mapped, compatible
  if (isZero(0, 4) && w[4] === 0xffff && w[5] === 0) return last; // translated (SIIT)
  if (w[0] === 0x64 && w[1] === 0xff9b) return last; // NAT64
  if (w[0] === 0x2002) return dotted(w[1]!, w[2]!); // 6to4
  return undefined;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** A lookup function for sockets that knows the pinned address only. */
export function lookupOf({ ip }: PinnedAddress): LookupFunction {
  const family = isIPv4(ip) ? 4 : 6;
  return (_host, options, done) => {
    if (options.all) done(null, [{ address: ip, family }]);
    else done(null, ip, family);
  };
}
