import { expect, it } from 'vitest';
import { PARTS } from './image.js';
import { parseShares, type SplitPatient, splitPatients } from './split.js';

const key = Buffer.from('k'.repeat(32));
const patients = (n: number, stratum: (i: number) => string = () => 's'): SplitPatient[] =>
  Array.from({ length: n }, (_, i) => ({ pseudonym: `patient-${i}`, stratum: stratum(i) }));
const sizes = (parts: Iterable<string>) => {
  const all = [...parts];
  return PARTS.map((part) => all.filter((p) => p === part).length);
};

it('has the shares 60, 15 and 25 to within one patient, whatever the number of patients', () => {
  for (const n of [4, 7, 20, 33, 100, 401]) {
    const [train = 0, validation = 0, test = 0] = sizes(splitPatients(patients(n), key).values());
    expect(train + validation + test).toBe(n);
    expect(Math.abs(train - 0.6 * n)).toBeLessThanOrEqual(1);
    expect(Math.abs(validation - 0.15 * n)).toBeLessThanOrEqual(1);
    expect(Math.abs(test - 0.25 * n)).toBeLessThanOrEqual(1);
  }
});

it('spreads each stratum over the parts, also a small one beside a large one', () => {
  const mixed = patients(120, (i) => (i < 20 ? 'nodule F' : 'clear M'));
  const parts = splitPatients(mixed, key);
  const rare = mixed.filter(({ stratum }) => stratum === 'nodule F').map(({ pseudonym }) => parts.get(pseudonym)!);
  expect(sizes(rare)).toEqual([12, 3, 5]);
});

it('does not depend on the order of the patients, and depends on the key', () => {
  const some = patients(40, (i) => `s${i % 3}`);
  const once = splitPatients(some, key);
  expect(splitPatients(some.toReversed(), key)).toEqual(new Map([...once].reverse()));

  const other = splitPatients(some, Buffer.from('q'.repeat(32)));
  expect(some.some(({ pseudonym }) => other.get(pseudonym) !== once.get(pseudonym))).toBe(true);
});

it('the part of a patient is not told by the order of the names', () => {
  const parts = splitPatients(patients(200), key);
  const firstHalf = sizes([...Array(100).keys()].map((i) => parts.get(`patient-${i}`)!));
  expect(firstHalf[0]).toBeGreaterThan(45);
  expect(firstHalf[0]).toBeLessThan(75);
});

it('refuses a split with an empty part and says which', () => {
  expect(() => splitPatients(patients(3), key)).toThrow(
    expect.objectContaining({ code: 'DATASET_SPLIT_EMPTY', detail: expect.objectContaining({ part: 'validation' }) }),
  );
});

it('splits by other shares when it is told to', () => {
  const shares = parseShares('40,15,45');
  expect(shares).toEqual({ train: 0.4, validation: 0.15, test: 0.45 });
  expect(sizes(splitPatients(patients(100), key, shares).values())).toEqual([40, 15, 45]);
});

it.each(['60,40', '60,15,26', '0,50,50', '33.3,33.3,33.4', 'a,b,c'])('refuses the shares %s', (text) => {
  expect(() => parseShares(text)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
});
