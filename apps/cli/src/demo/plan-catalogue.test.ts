import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { choosePlans, listPlans } from './plan-catalogue.js';

const choice = { plan: ['phantom-segmentation'], sites: 3, seed: 11 };

it('lists the plans that come with it, the phantom ones first', async () => {
  const plans = await listPlans();
  expect(plans.slice(0, 2).map(({ name }) => name)).toEqual(['phantom-segmentation', 'phantom-classification']);
  expect(
    plans
      .filter(({ needsData }) => needsData)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['abnormal', 'lung-segmentation', 'sex', 'tuberculosis']);
});

it('writes seed, rounds and quorum into the plan and into its twin', async () => {
  const [plan] = await choosePlans({ ...choice, rounds: 2 });
  for (const variant of [plan!.federated, plan!.local])
    expect(variant).toMatchObject({ seed: 11, rounds: { count: 2, quorum: 3 } });
  expect([plan!.federated.strategy.name, plan!.local.strategy.name]).toEqual(['fedavg', 'local']);
  expect(plan!.sites).toHaveLength(3);
});

it('takes the hospitals of a plan on real films from the task that it is', async () => {
  const data = await mkdtemp(path.join(tmpdir(), 'consilium-cli-'));
  try {
    const tasks = [
      { id: 'cls_tb', sites: ['x', 'y'] },
      { id: 'cls_sex', sites: ['z'] },
    ];
    await writeFile(path.join(data, 'tasks.json'), JSON.stringify({ tasks }));
    const [plan] = await choosePlans({ ...choice, plan: ['tuberculosis'], data });
    expect(plan!.sites).toEqual([
      { id: 'x', kind: 'films' },
      { id: 'y', kind: 'films' },
    ]);
    await expect(choosePlans({ ...choice, plan: ['lung-segmentation'], data })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  } finally {
    await rm(data, { recursive: true });
  }
});

it('a plan that is not there, or that lacks its films, is a wrong use', async () => {
  await expect(choosePlans({ ...choice, plan: ['sax'] })).rejects.toMatchObject({ exitCode: 2 });
  await expect(choosePlans({ ...choice, plan: ['sex'] })).rejects.toMatchObject({ exitCode: 2 });
});
