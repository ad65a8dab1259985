import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A wheel of the given files, with a RECORD of their digests. `wrongDigest` is a member whose digest RECORD has wrong. */
export function makeWheel(
  distInfo: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  wrongDigest?: string,
): Buffer {
  const all = new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));
  const record = [...all].map(([name, content]) => {
    const digest = createHash('sha256').update(name === wrongDigest ? 'other' : content);
    return `${name},sha256=${digest.digest('base64url')},${content.length}\r\n`;
  });
  all.set(`${distInfo}.dist-info/RECORD`, Buffer.from(record.join('')));
  return zipOf(all);
}

/** Source  APPNOTE.TXT 6.3.10: local headers with data, the central directory, its end. */
function zipOf(files: ReadonlyMap<string, Buffer>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const data = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(8, 4); // deflated
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    local.push(Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), data);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + data.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(Buffer.concat(central).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, ...central, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
