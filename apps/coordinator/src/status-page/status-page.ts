import { figure, isUnresolved, ofSitesText, UNRESOLVED } from '@consilium/validation';
import type { RoundView, RunView } from '../runs/run-view.js';
import type { SiteView } from '../sites/site.service.js';
import { type Html, html } from './html.js';
import { participationCells, stateLabel, table, time } from './parts.js';

/** What the page shows. */
export interface StatusPageData {
  readonly federation: string;
  readonly version: string;
  readonly now: Date;
  /** What a person has to do something about. */
  readonly warnings: readonly string[];
  readonly runs: readonly RunView[];
  readonly sites: readonly SiteView[];
  /** The last entries of the audit log, newest first. */
  readonly entries: readonly {
    readonly seq: number;
    readonly type: string;
    readonly at: string;
    readonly who: string;
  }[];
  readonly auditSize: number;
}

const ROUNDS_SHOWN = 5;
const METRICS_SHOWN = 2;

/** The body of the status page. */
export function statusPage(data: StatusPageData): Html {
  return html`<header><h1>Consilium</h1><span class="soft">federation ${data.federation}, version ${data.version}, ${time(data.now)}</span></header>
<main>
${data.warnings.map((sentence) => html`<p class="card says bad">${sentence}</p>`)}
<h2>Runs</h2>
${data.runs.length === 0 ? html`<p class="card soft">No run yet. Start one with <code>consilium run start</code>.</p>` : data.runs.map(runCard)}
<h2>Sites</h2>
${data.sites.length === 0 ? html`<p class="card soft">No site has connected yet.</p>` : siteTable(data.sites)}
<h2>Audit log</h2>
${data.entries.length === 0 ? html`<p class="card soft">The log is empty.</p>` : auditTable(data)}
<footer class="soft">This page renews itself every few seconds.</footer>
</main>`;
}

function runCard(run: RunView): Html {
  const closed = run.rounds.filter((round) => round.state === 'closed').length;
  const newest = run.rounds.at(-1);
  const isAtWork = newest !== undefined && newest.state !== 'closed' && newest.state !== 'aborted';
  return html`<section class="card">
<div class="head"><h3>${run.planName}</h3>${stateLabel(run.state)}<span class="soft">${run.strategy}, ${closed} of ${run.roundsPlanned} rounds, started ${time(run.createdAt)}</span></div>
${run.reason !== null && html`<p class="says bad">${run.reason}</p>`}
${run.problem !== null && html`<p class="says bad">${run.problem}</p>`}
${run.waitsFor !== null && html`<p class="says">${run.waitsFor}</p>`}
${run.finishedAt === null && html`<progress max="${run.roundsPlanned}" value="${closed}" aria-label="closed rounds">${closed} of ${run.roundsPlanned}</progress>`}
${isAtWork && roundAtWork(newest)}
${roundTable(run)}
<details><summary>Participants and models</summary>
${participantTable(run)}
<p class="soft">Initial model <code>${run.initialModelDigest}</code></p>
${run.finalModels.map((model) => html`<p class="soft">Newest model${model.site !== null && ` of ${model.site}`} <code>${model.digest}</code></p>`)}
</details></section>`;
}

function participantTable({ participants }: RunView): Html {
  return table(
    [{ title: 'Site' }, { title: 'Answer' }, { title: 'Examples', isNumber: true }, { title: 'Reason' }],
    participants.map((p) => [p.site, stateLabel(p.state), p.exampleCount ?? '', p.reason ?? '']),
  );
}

function roundAtWork(round: RoundView): Html {
  return html`<p class="soft lead">Round ${round.number}, ${round.state}</p>${table(
    [{ title: 'Site' }, { title: 'State' }, { title: 'Progress' }, { title: 'Loss', isNumber: true }],
    round.participations.map(participationCells),
  )}`;
}

function roundTable(run: RunView): Html {
  const over = run.rounds.filter((round) => round.state === 'closed' || round.state === 'aborted').reverse();
  if (over.length === 0) return html``;
  const shown = over.slice(0, ROUNDS_SHOWN);
  const judged = shown.find((round) => round.validation !== null && round.validation.problem === null);
  const metrics = Object.keys(judged?.validation?.metrics ?? {}).slice(0, METRICS_SHOWN);
  const columns = [
    ...[{ title: 'Round', isShort: true }, { title: 'State' }],
    ...metrics.map((title) => ({ title, isNumber: true })),
    { title: 'Of', isShort: true },
    { title: 'Missing, refused or limited' },
  ];
  const rows = shown.map((round) => [
    ...[round.number, stateLabel(round.state)],
    ...metrics.map((name) => figure(round.validation?.metrics[name], round.validation?.bounds[name])),
    ofSites(round),
    exceptions(round),
  ]);
  const earlier = over.length - shown.length;
  const isMarked = shown.some(({ validation }) =>
    metrics.some((name) => isUnresolved(validation?.bounds[name] ?? null)),
  );
  return html`${table(columns, rows)}${earlier > 0 && html`<p class="soft">and ${earlier} earlier</p>`}${isMarked && html`<p class="soft">${UNRESOLVED}</p>`}`;
}

/** Of whom a round's figures are. */
function ofSites({ validation, participations }: RoundView): string {
  if (validation === null) return '';
  return ofSitesText(validation.sites.length, participations.length, validation.examples);
}

/** Who was not part of a round, or counts for less in it, and why it was aborted. */
function exceptions({ missing, refused, unevaluated, weights, validation, abortedBecause }: RoundView): string {
  const sites = [
    ...missing.map((site) => `${site} missing`),
    ...refused.map(({ site, code }) => `${site} ${code}`),
    ...unevaluated.map(({ site, code }) => `${site} could not evaluate: ${code}`),
    ...weights.flatMap(({ site, limited }) => (limited === null ? [] : [`${site} ${limited}`])),
    ...(validation?.problem ? [`validation not computable: ${validation.problem}`] : []),
  ];
  return abortedBecause ?? sites.join(', ');
}

function siteTable(sites: readonly SiteView[]): Html {
  const columns = ['Site', 'State', 'Last seen', 'Datasets (train, validation, test)', 'Engine'];
  const rows = sites.map((site) => [
    ...[site.id, stateLabel(site.connected ? 'connected' : 'away'), time(site.lastSeenAt)],
    site.datasets.map((d) => html`<div><bdi>${d.name}</bdi>: ${d.train}, ${d.validation}, ${d.test}</div>`),
    site.backEnds.map((b) => `${b.name} ×${b.threads}`).join(', '),
  ]);
  return html`<div class="card">${table(
    columns.map((title) => ({ title })),
    rows,
  )}</div>`;
}

function auditTable({ entries, auditSize }: StatusPageData): Html {
  return html`<div class="card"><p class="soft lead">${auditSize} entries; the newest first</p>
${table(
  [{ title: 'No.', isShort: true }, { title: 'Time', isShort: true }, { title: 'Act' }, { title: 'By' }],
  entries.map((entry) => [entry.seq, time(entry.at), entry.type, entry.who]),
)}</div>`;
}
