import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type DeidentificationPolicy, deidentifyFile } from '../index.js';
import { profileRows } from './profile-table.js';

const folder = new URL('../../../../../shared/data/dicom/', import.meta.url);
const isThere = existsSync(new URL('phi_elements.csv', folder));
if (!isThere) console.warn('skipped: files with planted identifiers (../shared/data/dicom is absent)');

const key = Buffer.alloc(32, 7);

/** The most that a policy can keep. */
const OPEN_POLICY: DeidentificationPolicy = {
  ...DEFAULT_POLICY,
  age: 'years',
  bodySize: 'kept',
  dates: 'shifted',
  descriptions: 'cleaned',
  structuredContent: 'cleaned',
  graphics: 'cleaned',
};

interface Identifier {
  readonly file: string;
  readonly tag: string;
  readonly vr: string;
  readonly value: string;
}

function readIdentifiers(): Identifier[] {
  const lines = readFileSync(new URL('phi_elements.csv', folder), 'utf8').trim().split(/\r?\n/).slice(1);
  return lines.map((line) => {
    const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, q, plain]) => q ?? plain ?? '');
    return { file: cells[0]!, tag: cells[1]!, vr: cells[3]!, value: cells[6]! };
  });
}

const outputs = new Map<string, Buffer>();

function outputOf(file: string, policy: DeidentificationPolicy): Buffer {
  const name = `${file} ${policy.dates}`;
  const known = outputs.get(name);
  if (known !== undefined) return known;
  const output = Buffer.from(deidentifyFile(readFileSync(new URL(file, folder)), { key, policy }).bytes);
  outputs.set(name, output);
  return output;
}

/** Values found in the output, and how many were looked for. Values of fewer than four characters cannot be searched. */
function survivors(policy: DeidentificationPolicy): { found: Identifier[]; searched: number } {
  const found: Identifier[] = [];
  let searched = 0;
  for (const identifier of readIdentifiers()) {
    const { file, value } = identifier;
    const output = outputOf(file, policy);
    for (const part of value.split('\\').filter((text) => text.length >= 4)) {
      searched += 1;
      if (output.includes(Buffer.from(part, 'utf8')) || output.includes(Buffer.from(part, 'latin1')))
        found.push({ ...identifier, value: part });
    }
  }
  return { found, searched };
}

/** What the open policy keeps on purpose: times of day, age in years, size and weight, and descriptions of plain words. */
function isKeptByOpenPolicy({ tag, vr }: Identifier): boolean {
  const id = tag.slice(-10).replace(/[(),]/g, '').toLowerCase();
  if (vr === 'TM' || ['00101010', '00101020', '00101030'].includes(id)) return true;
  return profileRows().some((row) => row.id === id && row.options.includes('c'));
}

describe.skipIf(!isThere)('files with planted identifiers', () => {
  it('lose every listed value by the default policy', () => {
    const { found, searched } = survivors(DEFAULT_POLICY);
    console.info(`default policy: ${searched} values searched, ${found.length} found`);
    expect(found).toEqual([]);
    expect(searched).toBeGreaterThan(200);
  });

  it('lose every listed value by the most open policy but those that it keeps on purpose', () => {
    const { found, searched } = survivors(OPEN_POLICY);
    const wrong = found.filter((identifier) => !isKeptByOpenPolicy(identifier));
    console.info(`open policy: ${searched} values searched, ${found.length - wrong.length} kept by policy`);
    expect(wrong).toEqual([]);
    expect(found.length).toBeGreaterThan(5); // or the policy keeps nothing
  });

  it.each([
    ['default', DEFAULT_POLICY],
    ['open', OPEN_POLICY],
  ])('hold no part of any name, in any case, by the %s policy', (_, policy) => {
    const names = readIdentifiers().filter(({ vr }) => vr === 'PN');
    const parts = names.flatMap(({ file, value }) =>
      value
        .split(/[^\p{L}]+/u)
        .filter((part) => part.length >= 5)
        .map((part) => ({ file, part: part.toLowerCase() })),
    );
    const found = parts.filter(({ file, part }) => {
      return outputOf(file, policy).toString('latin1').toLowerCase().includes(part);
    });
    console.info(`${parts.length} parts of names searched, ${found.length} found`);
    expect(found).toEqual([]);
    expect(parts.length).toBeGreaterThan(15);
  });

  it('keep their pixels', () => {
    const file = new URL('phi/RGB_ORIGINAL.dcm', folder);
    const source = readFileSync(file);
    const output = outputOf('phi/RGB_ORIGINAL.dcm', DEFAULT_POLICY);
    const pixels = source.subarray(source.length - 512 * 512 * 3);
    expect(output.includes(pixels)).toBe(true);
  });
});
