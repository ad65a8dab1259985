import { hkdfSync } from 'node:crypto';

const SEED_BYTES = 32;

/**
 * The seed of one purpose ("initialise", "train", ...) at one place of a run. It depends on nothing but its arguments:
 * no clock, no run id, so that a repeated run gives the same bytes. Seeds of privacy noise never come from here.
 *
 * Units    planSeed an unsigned 32-bit integer; round from 1, or 0 before the first; siteId '' for the coordinator.
 * Source   HKDF-SHA256, RFC 5869: key = planSeed as four big-endian bytes, info = JSON of [round, siteId, purpose].
 */
export function deriveSeed(planSeed: number, round: number, siteId: string, purpose: string): Uint8Array {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(planSeed);
  const info = JSON.stringify([round, siteId, purpose]);
  return new Uint8Array(hkdfSync('sha256', key, 'consilium seed', info, SEED_BYTES));
}
