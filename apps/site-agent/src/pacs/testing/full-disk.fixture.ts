// Fills a small disk: `node full-disk.fixture.ts DISK FILE...`; runs in a mount namespace of its own.
import { execFileSync } from 'node:child_process';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@consilium/errors';
import { Inbox } from '../inbox/inbox.js';

const [disk, ...files] = process.argv.slice(2) as [string, ...string[]];
const folder = join(disk, 'inbox');

async function putAll(): Promise<{ code: string; arrived: number }> {
  const inbox = await Inbox.open(folder);
  const intake = inbox.intake({ onlyExpected: false });
  let code = '';
  try {
    for (const file of files) {
      const { booked } = await intake.receive(createReadStream(file), new AbortController().signal);
      await booked;
    }
  } catch (error) {
    code = errorCode(error);
  }
  const { arrived } = inbox.counts();
  await inbox.close();
  return { code, arrived };
}

const { code, arrived } = await putAll();
const left = readdirSync(join(folder, 'incoming'));
execFileSync('mount', ['-o', 'remount,size=16M', disk]);
const { arrived: arrivedAfter } = await putAll();
process.stdout.write(JSON.stringify({ code, arrived, left, arrivedAfter }));
