import { expect, it } from 'vitest';
import { html } from './html.js';
import { statusPage } from './status-page.js';

it('escapes what comes from outside', () => {
  expect(html`<p title="${'"'}">${['<script>', html`<b>${'&'}</b>`, null, 3]}</p>`.text).toBe(
    '<p title="&quot;">&lt;script&gt;<b>&amp;</b>3</p>',
  );
});

it('says what there is when there is nothing', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const { text } = statusPage({
    federation: 'north',
    version: '1',
    now,
    warnings: ['Something ends soon.'],
    runs: [],
    sites: [],
    entries: [],
    auditSize: 0,
  });
  for (const sentence of ['Something ends soon.', 'No run yet', 'No site has connected yet', 'The log is empty'])
    expect(text).toContain(sentence);
});
