/** The style of the page; its digest is in the page's policy. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1b2430; --quiet: #5b6775; --paper: #ffffff; --line: #d9dfe6; --soft: #f4f6f8;
  --usable: #2f7d5b; --aside: #c77d1a; --other: #8a95a3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --quiet: #9aa6b4; --paper: #14191f; --line: #2c3540; --soft: #1b222a;
  --usable: #58b98d; --aside: #e0a24a; --other: #74808e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 40px 0 8px; }
p { margin: 8px 0; }
code { font: 12px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; color: var(--quiet); }
.quiet { color: var(--quiet); }
.mark { background: var(--usable); color: var(--paper); border-radius: 4px; padding: 1px 8px; font-size: 13px; }
.figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; margin: 20px 0 0; }
.figures div { background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.figures dd { margin: 0; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures dt { color: var(--quiet); font-size: 13px; }
.bar { display: block; width: 100%; height: 14px; border-radius: 7px; background: var(--soft); margin: 12px 0; }
rect.usable { fill: var(--usable); } rect.aside { fill: var(--aside); } rect.other { fill: var(--other); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px; background: var(--line); }
.key.usable, .key.used { background: var(--usable); } .key.aside { background: var(--aside); } .key.other { background: var(--other); }
.sheet { display: block; max-width: 100%; height: auto; border-radius: 6px; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 24px 32px; align-items: start; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
table.list { width: auto; }
caption { text-align: left; font-weight: 600; padding: 4px 0; }
caption::first-letter { text-transform: uppercase; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 500; font-size: 13px; }
.grid td { overflow-wrap: anywhere; }
.grid .n { width: 84px; }
.versions td { white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 760px) { main { padding: 20px 16px 48px; } .figures { grid-template-columns: repeat(3, 1fr); gap: 8px; }
  .figures div { padding: 8px 10px; } .figures dd { font-size: 20px; } .grid { grid-template-columns: minmax(0, 1fr); }
  .grid .n { width: 72px; padding-right: 8px; } .scroll .sheet { max-width: none; width: 720px; } }
@media print { main { max-width: none; padding: 0; } section { break-inside: avoid; } }
`;
