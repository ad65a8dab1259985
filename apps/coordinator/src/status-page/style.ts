/** The page's one style sheet. It follows the reader's light or dark setting. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5c6b7a; --paper: #f6f7f9; --card: #fff; --line: #dfe4ea;
  --accent: #1f6f8b; --good: #2c7a4b; --bad: #b3372f; --track: #e6ebf0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #98a6b3; --paper: #12181f; --card: #1a222b;
  --line: #2c3742; --accent: #6cb6d0; --good: #6cc08b; --bad: #ef8a80; --track: #2a343f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
main, header { max-width: 68rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; padding-top: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0; }
header + main > .card:first-child { margin-top: 1.5rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
.soft { color: var(--soft); font-size: .875rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 0 0 1rem; }
.head { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
.state { font-size: .8125rem; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; color: var(--accent);
  white-space: nowrap; }
.completed, .closed, .connected, .submitted, .evaluated { color: var(--good); }
.failed, .aborted, .refused, .missing { color: var(--bad); }
.away, .declined, .left { color: var(--soft); }
.lead { margin: .75rem 0 0; }
.card > .lead:first-child { margin: 0; }
.says { margin: .5rem 0 0; }
.bad { color: var(--bad); }
progress { width: 100%; height: .5rem; margin: .75rem 0 0; accent-color: var(--accent); display: block; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin-top: .75rem; }
.card > table:first-child { margin-top: 0; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .8125rem; white-space: nowrap; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; min-width: 6.5rem; }
th, td.number, td.short { min-width: 0; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
code { font: .8125rem ui-monospace, monospace; overflow-wrap: anywhere; }
summary { cursor: pointer; margin-top: .75rem; color: var(--soft); font-size: .875rem; }
label, input, button { font: inherit; }
input { padding: .4rem .6rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--paper); color: inherit; width: 100%; max-width: 24rem; }
button { padding: .4rem 1rem; border: 0; border-radius: .3rem; background: var(--accent); color: var(--card); margin-top: .5rem; cursor: pointer; }
footer { margin: 2rem 0; }
@media (max-width: 52rem) {
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: .4rem 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td, td.number { display: flex; flex-wrap: wrap; gap: 0 .75rem; text-align: left; border: 0; padding: .1rem 0; }
  td > div { margin-left: auto; }
  td::before { content: attr(data-title); color: var(--soft); font-size: .8125rem; }
  td.empty { display: none; }
}
`;
