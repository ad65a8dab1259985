import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditPage, RunView } from './coordinator-http.ts';
import { freshDirectory, plainEnvironment, programFile } from './ground.ts';
import { writePhantomFolder } from './phantom-folder.ts';
import { type Federation, startFederation } from './processes.ts';
import { DATASET, segmentationPlan } from './tiny-plans.ts';

const SITE_IDS = ['east', 'north', 'west'];
const LEAVING = 'north';

let federation: Federation;
beforeAll(async () => {
  const directory = await freshDirectory();
  const sites = SITE_IDS.map((id) => ({ id, folder: path.join(directory, 'hospitals', id) }));
  for (const [siteIndex, { id, folder }] of sites.entries())
    writePhantomFolder({ folder, siteId: id, siteIndex, examples: 24, hasDefects: false });
  federation = await startFederation({ directory, sites });
}, 180_000);
afterAll(async () => {
  expect(await federation.stop()).toEqual([]);
}, 60_000);

/** The site's own command line beside its running agent. */
const site = (...words: string[]) =>
  promisify(execFile)(
    process.execPath,
    [programFile('site-agent'), ...words, '--dir', federation.siteFolder(LEAVING)],
    {
      env: plainEnvironment(),
    },
  ).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ status: error.code, ...error }),
  );

it('a hospital takes its data out of a run under way: the run ends without it, and both logs say so', async () => {
  const { http } = federation;
  const plan = segmentationPlan({ rounds: 12, quorum: 2 });
  const { id } = await http.startRun(await http.submitPlan(plan), SITE_IDS);
  const view = () => http.get<RunView>(`/api/runs/${id}`);
  await http.until(view, (run) => (run.rounds.some(({ state }) => state === 'closed') ? run : undefined), {
    timeoutMs: 60_000,
  });

  const refused = await site('dataset', 'remove', DATASET);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(`run ${id}, plan tiny-segmentation, round`);
  const withdrawn = await site('dataset', 'remove', DATASET, '--withdraw');
  expect(withdrawn).toMatchObject({ status: 0, stderr: '' });
  const entry = Number(/the coordinator has confirmed it \(audit entry (\d+)\)/.exec(withdrawn.stdout)?.[1]);
  const { entries } = await http.get<AuditPage>(`/api/audit?from=${entry}&limit=1`);
  expect(entries[0]).toMatchObject({ type: 'participant.leave', entry: { actor: { kind: 'site', id: LEAVING } } });
  const before = (await view()).rounds.length;
  for (const folder of ['tensors', 'weights'])
    expect(readdirSync(path.join(federation.siteFolder(LEAVING), folder)), folder).toEqual([]);

  const run = await federation.waitForRun(id);
  expect(run.state).toBe('completed');
  const audit = await http.get<AuditPage>(`/api/audit?from=${entry}&limit=500`);
  const after = audit.entries.map(
    (e) => (e as unknown as { entry: { type: string; payload: { site?: string } } }).entry,
  );
  expect(after.filter(({ type, payload }) => type === 'update.received' && payload.site === LEAVING)).toEqual([]);
  expect(after.filter(({ type }) => type === 'round.close').length).toBeGreaterThanOrEqual(12 - before);
  expect((await site('book')).stdout).toContain('dataset.remove');
}, 120_000);
