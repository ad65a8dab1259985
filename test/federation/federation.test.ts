import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AuditEntry, canonicalEntry, leafHash } from '@consilium/audit';
import { importSafetensors, manifestDigest, manifestOf } from '@consilium/tensors';
import { addStatistics, judgedExamples, metricBounds, metricsOf, type Statistics } from '@consilium/validation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditPage, ResultsView, RunView } from './coordinator-http.ts';
import { dumpDatabase, query } from './database-dump.ts';
import { digestNeedles, findBelow, findIn, type Needle, textNeedles } from './find-bytes.ts';
import { freshDirectory } from './ground.ts';
import { BIRTH_DATE_CANARY, CANARY, FILE_NAME_CANARY, patientId, uids, writePhantomFolder } from './phantom-folder.ts';
import { plantCanaries } from './plant-canaries.ts';
import { type Federation, startFederation } from './processes.ts';
import { classificationPlan, DATASET, segmentationPlan } from './tiny-plans.ts';

const EXAMPLES = 24;
const SITE_IDS = ['east', 'north', 'west'];
/** Its folder holds one of each defect. */
const SITE_WITH_DEFECTS = 'north';

let directory: string;
let planted = 0;
let federation: Federation;
const runs = new Map<string, RunView>();

beforeAll(async () => {
  directory = await freshDirectory();
  const sites = SITE_IDS.map((id) => ({ id, folder: path.join(directory, 'hospitals', id) }));
  for (const [siteIndex, { id, folder }] of sites.entries()) {
    writePhantomFolder({
      folder,
      siteId: id,
      siteIndex,
      examples: EXAMPLES,
      hasDefects: id === SITE_WITH_DEFECTS,
    });
    for (const file of new Set(findBelow(folder, textNeedles(FILE_NAME_CANARY)).map(fileOf)))
      if (file.endsWith('.dcm')) planted += plantCanaries(file, CANARY, BIRTH_DATE_CANARY);
  }
  federation = await startFederation({ directory, sites });
}, 180_000);

let isStopped = false;
async function stop(): Promise<string[]> {
  if (isStopped || federation === undefined) return [];
  isStopped = true;
  return federation.stop();
}
afterAll(stop, 180_000);

it('a U-Net run closes its rounds at three sites and completes', async () => {
  const run = await federation.run(segmentationPlan({ rounds: 3, quorum: 3 }));
  runs.set('unet', run);
  expectCompleted(run, 3);
  expect(run.finalModels).toMatchObject([{ site: null, digest: run.rounds[2]?.candidateDigest }]);
  expect(new Set(run.rounds.map((round) => round.candidateDigest)).size).toBe(3);
}, 180_000);

it.runIf(process.platform === 'linux')('each site is an agent and a trainer, each a process of its own', () => {
  const commands = federation.processes().map(({ command }) => command.replaceAll('\\', '/'));
  const count = (part: string) => commands.filter((command) => command.includes(part)).length;
  expect(count('coordinator/dist/main.js')).toBe(1);
  expect(count('site-agent/dist/main.js start')).toBe(SITE_IDS.length);
  expect(count('site-agent/dist/trainer/')).toBe(SITE_IDS.length);
});

it('the same plan again ends in the same bytes, and the models of its rounds are the same', async () => {
  const first = runs.get('unet');
  const again = await federation.run(segmentationPlan({ rounds: 3, quorum: 3 }));
  expect(again.id).not.toBe(first?.id);
  expect(digestsOf(again)).toEqual(digestsOf(first!));
}, 180_000);

it('a ResNet run completes, and another seed gives another model', async () => {
  const run = await federation.run(classificationPlan({ rounds: 2, quorum: 3 }));
  runs.set('resnet', run);
  expectCompleted(run, 2);
  const other = await federation.run(classificationPlan({ rounds: 1, quorum: 3, seed: 8 }));
  expect(other.initialModelDigest).not.toBe(run.initialModelDigest);
  expect(other.rounds[0]?.candidateDigest).not.toBe(run.rounds[0]?.candidateDigest);
}, 180_000);

it('a local run leaves each site its own model, and each is tested at every site', async () => {
  const run = await federation.run(segmentationPlan({ rounds: 2, quorum: 3, strategy: 'local' }));
  runs.set('local', run);
  expectCompleted(run, 2);
  expect(run.finalModels.map(({ site }) => site)).toEqual(SITE_IDS);
  expect(new Set(run.finalModels.map(({ digest }) => digest)).size).toBe(SITE_IDS.length);
  const { models } = await federation.http.get<ResultsView>(`/api/runs/${run.id}/results`);
  for (const model of models) expect(model.sites.map(({ site }) => site)).toEqual(SITE_IDS);
}, 180_000);

it('overall figures are those of the added statistics, not means of the sites', async () => {
  for (const name of ['unet', 'resnet', 'local']) {
    const run = runs.get(name)!;
    const { models } = await federation.http.get<ResultsView>(`/api/runs/${run.id}/results`);
    expect(models.length).toBe(1 + run.finalModels.length);
    for (const model of models) {
      const rows = await query<{ site: string; statistics: Statistics }>(
        federation.databaseUrl,
        `SELECT site_id AS site, statistics FROM evaluation
         WHERE run_id = $1 AND round = 0 AND model_digest = $2 AND split = 'test' ORDER BY site_id`,
        [run.id, model.digest],
      );
      expect(rows.map(({ site }) => site)).toEqual(SITE_IDS);
      const sum = addStatistics(rows.map(({ statistics }) => statistics));
      const figures = { metrics: metricsOf(sum), bounds: metricBounds(sum) };
      expect(model.overall).toEqual({ examples: judgedExamples(sum), ...figures, problem: null });
      const perSite = rows.map(({ site, statistics }) => ({
        site,
        examples: judgedExamples(statistics),
        metrics: metricsOf(statistics),
        bounds: metricBounds(statistics),
        problem: null,
      }));
      expect(model.sites).toEqual(perSite);
    }
  }
});

it('every model can be taken away as safetensors, and has the digest that the registry says', async () => {
  for (const run of runs.values())
    for (const digest of [run.initialModelDigest, ...run.finalModels.map((model) => model.digest)]) {
      const { layout, values } = importSafetensors(await federation.http.bytes(`/api/models/${digest}/safetensors`));
      expect(manifestDigest(manifestOf(layout, values))).toBe(digest);
    }
});

it('counts and names each defect of a folder in the report of its site, and keeps the rest', async () => {
  const file = path.join(federation.siteFolder(SITE_WITH_DEFECTS), 'reports', `${DATASET}.json`);
  const report = JSON.parse(await readFile(file, 'utf8'));
  expect(report).toMatchObject({ usable: EXAMPLES, labelsWithoutImage: 1, filesIn: report.filesCounted });
  expect(report.setAside).toEqual({ 'not-dicom': 1, truncated: 1, 'no-label': 1, 'mask-size': 1 });
  const named = report.files.map((row: { file: string; reason: string }) => `${row.reason} ${row.file}`);
  for (const [reason, name] of [
    ['not-dicom', 'not-dicom'],
    ['truncated', 'truncated'],
    ['no-label', 'unlabelled'],
    ['mask-size', 'other-size'],
  ])
    expect(named).toContain(`${reason} dicom/${name}.dcm`);
  expect(report.orphanLabels.map((row: object) => Object.values(row))).toEqual([
    expect.arrayContaining(['dicom/missing.dcm']),
  ]);
});

it('a site that dies in a round and stays away: the round closes at its deadline and names it', async () => {
  const absent = 'west';
  await federation.rearm(absent, ['fetching'], false);
  const plan = segmentationPlan({ rounds: 1, quorum: 2, seed: 99, deadlineSeconds: 12, answerSeconds: 6 });
  const run = await federation.run(plan);
  expect(federation.firedPoints().agents[absent]).toEqual(['fetching']);
  expect(federation.kills().agents[absent]).toBe(1);
  expect(run).toMatchObject({ state: 'completed', rounds: [{ state: 'closed', missing: [absent] }] });
  expect(run.rounds[0]?.participations).toEqual(
    expect.arrayContaining([expect.objectContaining({ site: absent, state: 'missing' })]),
  );
  const missed = (await auditEntries()).filter(({ type, runId }) => type === 'update.missed' && runId === run.id);
  expect(missed.map(({ payload }) => payload)).toEqual([{ site: absent }]);
}, 180_000);

it('the audit log has no gap, and the leaf hash of each entry can be computed from what it shows', async () => {
  const { size } = await federation.http.get<AuditPage>('/api/audit?from=0&limit=1');
  const entries = await auditPages();
  expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: size }, (_, seq) => seq));
  for (const { seq, entry, leafHash: hash } of entries) {
    expect((entry as AuditEntry).seq).toBe(seq);
    expect(Buffer.from(leafHash(canonicalEntry(entry as AuditEntry), sha256)).toString('hex')).toBe(hash);
  }
  const said = new Set(entries.map(({ entry }) => (entry as AuditEntry).type));
  for (const type of [
    'run.create',
    'invitation.accept',
    'round.cohort',
    'update.received',
    'round.close',
    'run.complete',
  ])
    expect(said).toContain(type);
});

it('nothing that names a patient is in a store of a site, a log, the database or the bytes that left a site', async () => {
  const texts = [CANARY, BIRTH_DATE_CANARY, ...SITE_IDS.flatMap((id) => Object.values(uids(id, 3)))];
  const patients = SITE_IDS.flatMap((id) =>
    Array.from({ length: EXAMPLES }, (_, i) => digestNeedles(patientId(id, i))).flat(),
  );
  const needles: Needle[] = [...texts.flatMap(textNeedles), ...patients];
  const files = textNeedles(FILE_NAME_CANARY);
  // The search itself can find: the hospital's own folder is full of them, its report names files.
  const own = path.join(directory, 'hospitals', 'north');
  expect(new Set(findBelow(own, textNeedles(CANARY)).map(formOf))).toContain('utf-8');
  expect(findBelow(own, files).length).toBeGreaterThan(EXAMPLES);
  console.info(`${planted} texts planted in ${SITE_IDS.length * EXAMPLES} films`);
  expect(planted).toBeGreaterThan(SITE_IDS.length * EXAMPLES * 600);

  const isReport = (file: string) => file.startsWith('reports');
  const found = [
    ...SITE_IDS.flatMap((id) => findBelow(federation.siteFolder(id), needles)),
    ...SITE_IDS.flatMap((id) => findBelow(federation.siteFolder(id), files, isReport)),
    ...findBelow(federation.logs, [...needles, ...files]),
    ...findBelow(federation.coordinatorData, [...needles, ...files]),
  ];
  for (const [table, text] of await dumpDatabase(federation.databaseUrl))
    found.push(...findIn(table, Buffer.from(text), [...needles, ...files]));
  expect(found).toEqual([]);
}, 180_000);

it('all processes end in an orderly way, and none is left', async () => {
  expect(await stop()).toEqual([]);
}, 180_000);

function expectCompleted(run: RunView, rounds: number): void {
  expect(run).toMatchObject({ state: 'completed', reason: null });
  expect(run.rounds.map(({ number, state, missing, refused }) => ({ number, state, missing, refused }))).toEqual(
    Array.from({ length: rounds }, (_, i) => ({ number: i + 1, state: 'closed', missing: [], refused: [] })),
  );
}

function digestsOf(run: RunView) {
  const { initialModelDigest, finalModels, rounds } = run;
  return { initialModelDigest, finalModels, candidates: rounds.map((round) => round.candidateDigest) };
}

async function auditPages(): Promise<AuditPage['entries'][number][]> {
  const entries: AuditPage['entries'][number][] = [];
  for (;;) {
    const page = await federation.http.get<AuditPage>(`/api/audit?from=${entries.length}&limit=200`);
    if (page.entries.length === 0) return entries;
    entries.push(...page.entries);
  }
}

async function auditEntries(): Promise<AuditEntry[]> {
  return (await auditPages()).map(({ entry }) => entry as AuditEntry);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function fileOf(finding: string): string {
  return finding.slice(0, finding.indexOf(': '));
}

function formOf(finding: string): string {
  return finding.slice(finding.lastIndexOf('(') + 1, -1);
}
