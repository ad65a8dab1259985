import { expect, it } from 'vitest';
import { htmlText, jsonLines, printable } from './printable.js';

it('shows what a terminal, a log or a page would obey or hide', () => {
  const rows: [string, string][] = [
    ['\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['\u001b[2J', '\\u001b[2J'],
    ['\u009b31m', '\\u009b31m'],
    ['a\u202egnp.exe', 'a\\u202egnp.exe'],
    ['\u2066a\u2069\u200e\u200f\u061c', '\\u2066a\\u2069\\u200e\\u200f\\u061c'],
    ['fine\r\nOK: forged\tline', 'fine\\r\\nOK: forged\\tline'],
    ['a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
    ['ka\u00advi\u200bty\ufeff\u007f\0', 'ka\\u00advi\\u200bty\\ufeff\\u007f\\u0000'],
    ['\ud83d half', '\\ud83d half'],
    ['tag \u{e0041}', 'tag \\udb40\\udc41'],
  ];
  expect(rows.map(([text]) => printable(text))).toEqual(rows.map(([, shown]) => shown));
  expect(rows.map(([, shown]) => printable(shown))).toEqual(rows.map(([, shown]) => shown));
});

it('leaves the words of every language, and what looks like an escape', () => {
  for (const text of ['Zürich – „Lunge“ ✓', 'می‌خواهم', 'ריאה', '肺炎', '🫁👩‍⚕️', 'C:\\u001b', '<b> & "x"'])
    expect(printable(text)).toBe(text);
});

it('keeps the meaning of JSON, each line of its own', () => {
  const value = { 'na\u001b[2Jme\n': ['\u202e', 'tag \u{e0041}', '\u0085\u2028'], n: 1 };
  const lines = jsonLines(value);
  expect(lines.filter((line) => printable(line) !== line)).toEqual([]);
  expect(JSON.parse(lines.join('\n'))).toEqual(value);
});

it('is text in a page, also in an attribute', () => {
  expect(htmlText('<b a="\'">\u202e & \n')).toBe('&lt;b a=&quot;&#39;&quot;&gt;\\u202e &amp; \\n');
});
