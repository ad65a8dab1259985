import type { ParticipationView } from '../runs/run-view.js';
import { Html, html } from './html.js';
import { STYLE } from './style.js';

export function stateLabel(state: string): Html {
  return html`<span class="state ${state}">${state}</span>`;
}

/** Universal time, because the page does not know where its reader sits. */
export function time(at: Date | string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** "87.3 %"; empty for what is not defined. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '' : `${(share * 100).toFixed(1)} %`;
}

export function participationRow(row: ParticipationView): Html {
  return html`<tr><td>${row.site}</td><td>${stateLabel(row.state)}</td><td>${progressText(row)}</td><td class="number">${row.loss?.toFixed(4) ?? ''}</td></tr>`;
}

function progressText(row: ParticipationView): string {
  if (row.state === 'training') return `epoch ${row.epoch} of ${row.epochs}, step ${row.step} of ${row.steps}`;
  if (row.state !== 'fetching' && row.state !== 'sending') return '';
  return row.bytesTotal === 0 ? '' : `${kibibytes(row.bytesDone)} of ${kibibytes(row.bytesTotal)} KiB`;
}

function kibibytes(bytes: number): number {
  return Math.round(bytes / 1024);
}

const REFRESH_SECONDS = 4;

/** A whole page around a body. It works without JavaScript: the browser asks for it again. */
export function page(body: Html, refresh: boolean): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Consilium</title>${refresh && html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`}
<link rel="icon" href="data:,"><style>${new Html(STYLE)}</style></head>
<body>${body}</body></html>`.text;
}

/** What a reader without the token gets. */
export function signInPage(): string {
  return page(
    html`<header><h1>Consilium</h1></header><main><form class="card" action="/" method="get">
<label for="token">This needs the access token. <code>consilium up</code> prints the address that holds it.</label>
<p><input id="token" name="token" type="password" autocomplete="off" required></p><button>Sign in</button></form></main>`,
    false,
  );
}

/** What a reader gets when the page cannot be made. */
export function errorPage(sentence: string): string {
  return page(
    html`<header><h1>Consilium</h1></header><main><div class="card"><p class="says bad">${sentence}</p>
<p class="soft">This page tries again by itself.</p></div></main>`,
    true,
  );
}
