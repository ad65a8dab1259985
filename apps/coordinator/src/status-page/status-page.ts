import type { RoundView, RunView } from '../runs/run-view.js';
import type { SiteView } from '../sites/site.service.js';
import { type Html, html } from './html.js';
import { participationRow, percent, stateLabel, time } from './parts.js';

/** What the page shows. */
export interface StatusPageData {
  readonly federation: string;
  readonly version: string;
  readonly now: Date;
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

/** The body of the status page. */
export function statusPage(data: StatusPageData): Html {
  return html`<header><h1>Consilium</h1><span class="soft">federation ${data.federation}, version ${data.version}, ${time(data.now)}</span></header>
<main>
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
  return html`<section class="card">
<div class="head"><h3>${run.planName}</h3>${stateLabel(run.state)}<span class="soft">${run.strategy}, ${closed} of ${run.roundsPlanned} rounds, started ${time(run.createdAt)}</span></div>
${run.reason !== null && html`<p class="says bad">${run.reason}</p>`}
${run.waitsFor !== null && html`<p class="says">${run.waitsFor}</p>`}
<progress max="${run.roundsPlanned}" value="${closed}" aria-label="closed rounds">${closed} of ${run.roundsPlanned}</progress>
${newest !== undefined && newest.state !== 'closed' && newest.state !== 'aborted' && roundAtWork(newest)}
${run.rounds.length > 0 && roundTable(run)}
<details><summary>Participants and models</summary>
<div class="scroll"><table><thead><tr><th>Site</th><th>Answer</th><th class="number">Examples</th><th>Reason</th></tr></thead><tbody>
${run.participants.map((p) => html`<tr><td>${p.site}</td><td>${stateLabel(p.state)}</td><td class="number">${p.exampleCount ?? ''}</td><td>${p.reason ?? ''}</td></tr>`)}
</tbody></table></div>
<p class="soft">Initial model <code>${run.initialModelDigest}</code></p>
${run.finalModels.map((model) => html`<p class="soft">Newest model${model.site !== null && ` of ${model.site}`} <code>${model.digest}</code></p>`)}
</details></section>`;
}

function roundAtWork(round: RoundView): Html {
  return html`<div class="scroll"><table><thead><tr><th>Round ${round.number}, ${round.state}</th><th>State</th><th>Progress</th><th class="number">Loss</th></tr></thead>
<tbody>${round.participations.map(participationRow)}</tbody></table></div>`;
}

function roundTable(run: RunView): Html {
  const over = run.rounds.filter((round) => round.state === 'closed' || round.state === 'aborted').reverse();
  if (over.length === 0) return html``;
  const shown = over.slice(0, ROUNDS_SHOWN);
  const metrics = Object.keys(shown.find((round) => round.validation !== null)?.validation?.metrics ?? {}).slice(0, 2);
  return html`<div class="scroll"><table><thead><tr><th>Round</th><th>State</th>${metrics.map((name) => html`<th class="number">${name}</th>`)}<th>Missing or refused</th></tr></thead><tbody>
${shown.map(
  (round) => html`<tr><td>${round.number}</td><td>${stateLabel(round.state)}</td>
${metrics.map((name) => html`<td class="number">${percent(round.validation?.metrics[name])}</td>`)}
<td>${[...round.missing.map((site) => `${site} missing`), ...round.refused.map(({ site, code }) => `${site} ${code}`)].join(', ')} ${round.abortedBecause ?? ''}</td></tr>`,
)}
</tbody></table></div>${over.length > shown.length && html`<p class="soft">and ${over.length - shown.length} earlier rounds</p>`}`;
}

function siteTable(sites: readonly SiteView[]): Html {
  return html`<div class="card scroll"><table><thead><tr><th>Site</th><th>State</th><th>Last seen</th><th>Datasets (train, validation, test)</th><th>Engine</th></tr></thead><tbody>
${sites.map(
  (
    site,
  ) => html`<tr><td>${site.id}</td><td>${stateLabel(site.connected ? 'connected' : 'away')}</td><td>${time(site.lastSeenAt)}</td>
<td>${site.datasets.map((d) => html`<div>${d.name}: ${d.train}, ${d.validation}, ${d.test}</div>`)}</td>
<td>${site.backEnds.map((b) => `${b.name} ×${b.threads}`).join(', ')}</td></tr>`,
)}
</tbody></table></div>`;
}

function auditTable({ entries, auditSize }: StatusPageData): Html {
  return html`<div class="card scroll"><p class="soft" style="margin:0">${auditSize} entries; the newest first</p>
<table><thead><tr><th class="number">No.</th><th>Time</th><th>Act</th><th>By</th></tr></thead><tbody>
${entries.map((entry) => html`<tr><td class="number">${entry.seq}</td><td>${time(entry.at)}</td><td>${entry.type}</td><td>${entry.who}</td></tr>`)}
</tbody></table></div>`;
}
