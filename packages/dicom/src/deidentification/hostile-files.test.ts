import { errorCode } from '@consilium/errors';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY, deidentifyFile } from '../index.js';
import { file, key, sequence, text } from './data-set.fixture.js';

it('takes a file with a hundred thousand identifiers and as many texts in bounded time', () => {
  const frames = Array.from({ length: 10_000 }, (_, i) => [
    text(0x00081155, 'UI', `1.2.3.${i}.7`),
    text(0x0018a002, 'DT', `20240510${String(100_000 + i)}`),
    text(0x0040a123, 'PN', `Name${i}^Given${i}`),
    text(0x00200037, 'DS', '1.000000\\0.000000\\0.000000'),
    text(0x00180015, 'CS', 'CHEST'),
    text(0x0040a160, 'UT', 'nothing to be seen here, and nothing to be cut'),
  ]);
  const bytes = file(sequence(0x52009230, ...frames));
  const started = performance.now();
  deidentifyFile(bytes, { key, policy: { ...DEFAULT_POLICY, descriptions: 'cleaned' } });
  expect(performance.now() - started).toBeLessThan(15_000);
});

it('meets broken files with errors of its own, and in bounded time', () => {
  const good = file(
    sequence(0x00081140, [text(0x00081155, 'UI', '1.2.3.9')]),
    text(0x00081030, 'LO', 'CHEST for Janet'),
    { tag: 0x7fe00010, vr: 'OB', kind: 'fragments', fragments: [new Uint8Array(4), new Uint8Array(50).fill(0xff)] },
  );
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 48271) % 0x7fffffff;
    return seed % below;
  };
  const codes = new Set<string>();
  for (let n = 0; n < 3000; n++) {
    let broken = Uint8Array.from(good);
    for (let k = 0; k <= next(4); k++) broken[132 + next(broken.length - 132)] = next(256);
    if (next(5) === 0) broken = broken.slice(0, 132 + next(broken.length - 132));
    try {
      deidentifyFile(broken, { key, policy: DEFAULT_POLICY });
    } catch (error) {
      codes.add(errorCode(error));
    }
  }
  expect([...codes].filter((code) => !code.startsWith('DICOM_'))).toEqual([]);
  expect(codes.size).toBeGreaterThan(1);
});
