import type { ParticipationView } from '../runs/run-view.js';
import { Html, html } from './html.js';
import { STYLE } from './style.js';

export function stateLabel(state: string): Html {
  return html`<span class="state ${state}">${state}</span>`;
}

/** Universal time, because the page does not know where its reader sits. */
export function time(at: Date | string): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** A column of a table. Numbers stand at its right; they and short texts stay on one line. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly isShort?: boolean;
}

/** A table. On a narrow screen each row becomes a block in which every cell names its column. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Html {
  const kind = ({ isNumber, isShort }: Column) => (isNumber ? 'number' : isShort ? 'short' : '');
  return html`<table><thead><tr>${columns.map((column) => html`<th class="${kind(column)}">${column.title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) => html`<tr>${columns.map((column, index) => cellOf(column, kind(column), cells[index] ?? ''))}</tr>`,
  )}</tbody></table>`;
}

type Cell = Html | string | number | readonly Html[];

function cellOf({ title }: Column, kind: string, cell: Cell): Html {
  const isEmpty = cell === '' || (Array.isArray(cell) && cell.length === 0);
  return html`<td class="${isEmpty ? 'empty' : kind}" data-title="${title}"><div>${cell}</div></td>`;
}

/** Site, state, progress and loss of a participation. */
export function participationCells(row: ParticipationView): Cell[] {
  return [row.site, stateLabel(row.state), progressText(row), row.loss === null ? '' : lossText(row.loss)];
}

/** A site may report any number; one that has 300 digits is not shown with all of them. */
function lossText(loss: number): string {
  return Math.abs(loss) < 1e6 ? loss.toFixed(4) : loss.toExponential(2);
}

function progressText(row: ParticipationView): string {
  if (row.state === 'training') return `epoch ${row.epoch} of ${row.epochs}, step ${row.step} of ${row.steps}`;
  if (row.state !== 'fetching' && row.state !== 'sending') return '';
  return row.bytesTotal === 0 ? '' : `${kibibytes(row.bytesDone)} of ${kibibytes(row.bytesTotal)} KiB`;
}

function kibibytes(bytes: number): number {
  return Math.round(bytes / 1024);
}

/** Nothing of a page is kept, framed, or sent on. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
};

const REFRESH_SECONDS = 4;

/** A whole page around a body. It works without JavaScript: the browser asks for it again. */
export function page(body: Html, refresh: boolean): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Consilium</title>${refresh && html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`}
<link rel="icon" href="data:,"><style>${new Html(STYLE)}</style></head>
<body>${body}</body></html>`.text;
}

/** What a reader without a session gets; `problem` is a sentence, or empty. */
export function signInPage(problem: string): string {
  return page(
    html`<header><h1>Consilium</h1></header><main><form class="card" action="/sign-in" method="post">
${problem !== '' && html`<p class="says bad">${problem}</p>`}<p>On the coordinator's machine <code>consilium page</code> prints an
address that opens this page.</p>
<label for="token">Or enter the access token, which lies in the file <code>token</code> of the federation's folder.</label>
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
