import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { ParticipationView, RoundView, RunView } from '../runs/run-view.js';
import { html } from './html.js';
import { page } from './parts.js';
import { type StatusPageData, statusPage } from './status-page.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);
const NOW = new Date('2026-03-01T12:00:00Z');
const EMPTY: StatusPageData = {
  ...{ federation: 'north', version: '1', now: NOW, warnings: [], runs: [], sites: [], entries: [], auditSize: 0 },
};

function participation(site: string): ParticipationView {
  const nothing = { stage: null, bytesDone: 0, bytesTotal: 0, epoch: 0, epochs: 0, step: 0, steps: 0, loss: null };
  return { site, state: 'submitted', ...nothing };
}

function round(number: number, auroc: number, bound: number, more: Partial<RoundView> = {}): RoundView {
  const judged = { metrics: { auroc }, bounds: { auroc: bound }, examples: 122, problem: null };
  return {
    ...{
      number,
      state: 'closed',
      waitsFor: null,
      startedAt: NOW,
      closedAt: NOW,
      modelDigest: 'm',
      candidateDigest: 'c',
    },
    ...{ missing: [], refused: [], unevaluated: [], abortedBecause: null, weights: [] },
    participations: ['alder', 'birch', 'oak'].map(participation),
    validation: { ...judged, sites: ['alder', 'birch'].map((site) => ({ site, ...judged })) },
    ...more,
  };
}

function run(rounds: readonly RoundView[], more: Partial<RunView> = {}): RunView {
  return {
    ...{ id: 'r', planName: 'tuberculosis', planHash: 'h', strategy: 'fedavg', state: 'running', reason: null },
    ...{ problem: null, waitsFor: null, createdAt: NOW, finishedAt: null, participants: [], roundsPlanned: 6 },
    ...{ initialModelDigest: 'm', finalModels: [], evaluations: { done: 0, total: 0 } },
    rounds,
    ...more,
  };
}

function site(id: string, dataset: string): StatusPageData['sites'][number] {
  const datasets = [{ name: dataset, version: 'v', train: 8, validation: 2, test: 3 }];
  const backEnds = [{ name: 'tensorflow', version: '1', device: 'cpu', threads: 16 }];
  return {
    id,
    connected: true,
    lastSeenAt: NOW,
    agentVersion: '1',
    backEnds,
    datasets,
  } as StatusPageData['sites'][number];
}

it('escapes what comes from outside', () => {
  expect(html`<p title="${'"'}">${['<script>', html`<b>${'&'}</b>`, null, 3]}</p>`.text).toBe(
    '<p title="&quot;">&lt;script&gt;<b>&amp;</b>3</p>',
  );
});

it('says what there is when there is nothing', () => {
  const { text } = statusPage({ ...EMPTY, warnings: ['Something ends soon.'] });
  for (const sentence of ['Something ends soon.', 'No run yet', 'No site has connected yet', 'The log is empty'])
    expect(text).toContain(sentence);
});

it('says of how many sites and films a figure is, and marks one that is not resolved', () => {
  const resolved = statusPage({ ...EMPTY, runs: [run([round(1, 0.8391, 0.0021)])] }).text;
  expect(resolved).toContain('0.839 ±0.002<');
  expect(resolved).toContain('2 of 3 sites, 122 films');
  expect(resolved).not.toContain('not resolved');
  const unresolved = statusPage({ ...EMPTY, runs: [run([round(1, 0.512, 0.0312)])] }).text;
  expect(unresolved).toContain('0.512 ±0.031?<');
  expect(unresolved).toContain('? not resolved: scores are counted in bins');
});

it("a dataset's name that is written from right to left does not turn its counts around", () => {
  expect(statusPage({ ...EMPTY, sites: [site('alder', '\u05d0\u05d1')] }).text).toContain(
    '<bdi>\u05d0\u05d1</bdi>: 8, 2, 3',
  );
});

it.skipIf(!CHROMIUM)(
  'no name is so long that the page becomes wider than the window',
  () => {
    const long = 'W'.repeat(300);
    const hostile = round(1, 0.8, 0.001, {
      missing: [long],
      refused: [{ site: 'alder', code: long }],
      participations: [participation(long)],
    });
    const participant = {
      site: long,
      state: 'declined',
      datasetVersion: null,
      exampleCount: null,
      reason: long,
    } as const;
    const body = statusPage({
      ...{ ...EMPTY, federation: long, warnings: [long], auditSize: 1 },
      runs: [
        run([hostile, round(2, 0.8, 0.1, { state: 'training' })], {
          planName: long,
          reason: long,
          participants: [participant],
        }),
      ],
      sites: [site(long, long)],
      entries: [{ seq: 1, type: long, at: NOW.toISOString(), who: long }],
    });
    const shown = page(body, false)
      .replaceAll('<details>', '<details open>')
      .replaceAll('&', '&amp;')
      .replaceAll('"', '&quot;');
    const folder = mkdtempSync(join(tmpdir(), 'consilium-page-'));
    try {
      const file = join(folder, 'page.html');
      const frames = [390, 833, 1280].map(
        (width) => `<iframe style="width:${width}px;height:30000px;border:0" srcdoc="${shown}"></iframe>`,
      );
      const measure = `document.title = [...document.querySelectorAll('iframe')].map((f) => f.contentDocument.documentElement.scrollWidth).join()`;
      writeFileSync(file, `<!doctype html><body onload="${measure}">${frames.join('')}`);
      const words = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${join(folder, 'profile')}`,
        '--dump-dom',
      ];
      const { stdout } = spawnSync(CHROMIUM!, [...words, pathToFileURL(file).href], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(/<title>([\d,]+)/.exec(stdout)?.[1]).toBe('390,833,1280');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  90_000,
);
if (!CHROMIUM) console.warn('skipped: the status page in a browser (no chromium on this machine)');
