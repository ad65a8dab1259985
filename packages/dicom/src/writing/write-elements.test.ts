import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsiliumError } from '@consilium/errors';
import { describe, expect, it } from 'vitest';
import { type DicomElement, type DicomElements, type DicomTree, readElements, writeElements } from '../index.js';

const folder = new URL('../../../../../shared/data/dicom/', import.meta.url);
const isThere = existsSync(folder);
if (!isThere) console.warn('skipped: real DICOM files (../shared/data/dicom is absent)');
const hasDcmdump = spawnSync('dcmdump', ['--version']).status === 0;
if (!hasDcmdump) console.warn('skipped: dcmdump (dcmtk is not installed)');

function files(): string[] {
  return isThere ? (readdirSync(folder, { recursive: true }) as string[]).filter((f) => f.endsWith('.dcm')).sort() : [];
}

const NATIVE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'];

function rewrite(tree: DicomTree): Uint8Array {
  const uid = (tag: number) => {
    const element = tree.elements.find((e) => e.tag === tag);
    const text =
      element?.kind === 'value'
        ? Buffer.from(element.value)
            .toString('latin1')
            .replace(/[\0 ]+$/, '')
        : '';
    return /^[0-9.]+$/.test(text) ? text : '1.2.3';
  };
  return writeElements({
    transferSyntaxUid: NATIVE.includes(tree.transferSyntaxUid) ? NATIVE[1]! : tree.transferSyntaxUid,
    sopClassUid: uid(0x00080016),
    sopInstanceUid: uid(0x00080018),
    elements: tree.elements,
  });
}

/** Tags, lengths and values at every level as text; a pad byte more or less does not count, nor do group lengths. */
function outline(elements: DicomElements): unknown[] {
  return elements
    .filter(({ tag }) => (tag & 0xffff) !== 0)
    .toSorted((a, b) => a.tag - b.tag)
    .map((element) => [element.tag.toString(16), contentOf(element)]);
}

function contentOf(element: DicomElement): unknown {
  const hash = (bytes: Uint8Array) =>
    createHash('sha256')
      .update(bytes)
      .update(new Uint8Array(bytes.length % 2).fill(padOf(element.vr)))
      .digest('hex');
  if (element.kind === 'value') return hash(element.value);
  return element.kind === 'sequence' ? element.items.map(outline) : element.fragments.map(hash);
}

function padOf(vr: string): number {
  return ['OB', 'UI', 'UN'].includes(vr) ? 0 : 0x20;
}

/** So broken that dcmdump does not read it either. */
const REFUSED = ['vendors/GH364.dcm'];

function isGood(file: string): boolean {
  return !file.startsWith('malformed/') && !REFUSED.includes(file);
}

describe.skipIf(!isThere)('real files', () => {
  it('come back with every element of every level, or are refused by a code', () => {
    const codes: Record<string, number> = {};
    const wrong: string[] = [];
    for (const file of files()) {
      let code = 'read';
      try {
        const tree = readElements(readFileSync(new URL(file, folder)));
        const again = readElements(rewrite(tree));
        if (JSON.stringify(outline(again.elements)) !== JSON.stringify(outline(tree.elements))) wrong.push(file);
      } catch (error) {
        expect(error, file).toBeInstanceOf(ConsiliumError);
        code = (error as ConsiliumError).code;
        if (isGood(file)) wrong.push(`${file}: ${code}`);
        if (process.env.CONSILIUM_LIST) console.log(code, file, (error as ConsiliumError).detail);
      }
      codes[code] = (codes[code] ?? 0) + 1;
    }
    console.info('written and read again:', codes);
    expect(wrong).toEqual([]);
  });

  it.skipIf(!hasDcmdump)('are accepted by dcmdump after they have been written again', { timeout: 60_000 }, () => {
    const scratch = mkdtempSync(join(tmpdir(), 'written-'));
    try {
      const good = files().filter(isGood);
      const wrong = good.filter((file, i) => {
        const path = join(scratch, `${i}.dcm`);
        writeFileSync(path, rewrite(readElements(readFileSync(new URL(file, folder)))));
        return spawnSync('dcmdump', ['-q', '+E', path]).status !== 0;
      });
      expect(wrong).toEqual([]);
      expect(good.length).toBe(168);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});
