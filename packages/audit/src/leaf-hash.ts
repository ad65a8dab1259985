/** SHA-256 of bytes. Passed in, so that the same code verifies a log in a browser. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/**
 * The hash of one entry as a leaf of the Merkle tree. The zero byte in front keeps a leaf from passing for an inner node.
 *
 * Source   RFC 6962, section 2.1.
 */
export function leafHash(entry: Uint8Array, sha256: Sha256): Uint8Array {
  const prefixed = new Uint8Array(1 + entry.length);
  prefixed.set(entry, 1);
  return sha256(prefixed);
}
