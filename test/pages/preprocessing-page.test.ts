import { readdirSync, readFileSync, statSync } from 'node:fs';
import { checkPlanText, WINDOW_PRESETS } from '@consilium/plan';
import { expect, it } from 'vitest';

const FOLDER = new URL('../../deploy/site/', import.meta.url);
const page = readFileSync(new URL('preprocessing.md', FOLDER), 'utf8');

const REST = `
name: page
purpose: Try the words of the page.
intendedUse: None.
task: { kind: classification, classes: [without, with] }
data: { dataset: page, modality: CT }
model: { family: resnet }
training: {}
rounds: { count: 1 }
strategy: { name: fedavg }
seed: 1
`;

it('the words that the page shows are a plan', () => {
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, words]) => words ?? '');
  expect(blocks.length).toBeGreaterThanOrEqual(8);
  for (const words of blocks) expect(checkPlanText(words + REST), words).toMatchObject({ ok: true });
});

it('the page shows every picture that there is, and together they are small', () => {
  const shown = [...page.matchAll(/\]\((pictures\/[a-z-]+\.png)\)/g)].map(([, file]) => file ?? '');
  const files = readdirSync(new URL('pictures/', FOLDER)).map((name) => `pictures/${name}`);
  expect(shown.toSorted()).toEqual(files.toSorted());
  expect(shown.reduce((sum, file) => sum + statSync(new URL(file, FOLDER)).size, 0)).toBeLessThan(400_000);
});

it('the page has the presets as they are', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\S+) \| (\d+) \|$/gm)].map(([, name, centre, width]) => [
    name,
    { centre: Number(centre?.replace('\u2212', '-')), width: Number(width) },
  ]);
  expect(Object.fromEntries(rows)).toEqual(WINDOW_PRESETS);
});
