import { expect, it } from 'vitest';
import { ProgressScreen } from '../platform/terminal.js';
import { FetchProgressLine } from './fetch-progress-line.js';

const progress = {
  studies: 2,
  studiesExpected: 10,
  instances: 100,
  instancesExpected: 500,
  bytes: 5e7,
  waitsUntil: undefined,
};

function writing(isTTY: boolean, isJson = false) {
  const written: string[] = [];
  const clock = { now: 10_000 };
  const line = new FetchProgressLine(
    new ProgressScreen({ isTTY, write: (text) => written.push(text) }),
    isJson,
    () => clock.now,
  );
  return { written, clock, line };
}

it('writes one line anew on a terminal, with rate and what is left', () => {
  const { written, clock, line } = writing(true);
  line.show(progress);
  clock.now += 5000;
  line.show({ ...progress, studies: 4, instances: 200, bytes: 1e8 });
  line.end();
  expect(written).toEqual([
    '\r\x1b[2K2 of 10 studies, 100 of 500 instances, 50.0 MB',
    '\r\x1b[2K4 of 10 studies, 200 of 500 instances, 100.0 MB, 10.0 MB/s, about 15 s left',
    '\n',
  ]);
});

it('writes a line every few seconds elsewhere, as JSON if wanted', () => {
  for (const isJson of [false, true]) {
    const { written, clock, line } = writing(false, isJson);
    for (let i = 0; i < 12; i++) {
      line.show(progress);
      clock.now += 1000;
    }
    line.end();
    expect(written).toHaveLength(3);
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true);
    if (isJson) expect(JSON.parse(written[0]!)).toMatchObject({ instances: 100 });
  }
});

it('says that it waits for its hours', () => {
  const { written, line } = writing(true);
  line.show({ ...progress, waitsUntil: new Date(2024, 2, 5, 20, 0) });
  expect(written[0]).toContain('outside the hours, waiting until 20:00');
});
