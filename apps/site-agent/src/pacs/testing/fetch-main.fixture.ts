// A process that fetches, for tests that kill it or fill its disk: `node fetch-main.fixture.ts REQUEST INBOX`.
// It prints the result, or the code of the failure.
import { readFileSync } from 'node:fs';
import { errorCode } from '@consilium/errors';
import { fetchStudies } from '../fetch-studies.js';
import { Inbox } from '../inbox/inbox.js';
import type { FetchRequest } from '../request.js';

const [requestFile, inboxFolder] = process.argv.slice(2) as [string, string];
const request = JSON.parse(readFileSync(requestFile, 'utf8')) as FetchRequest;
const inbox = await Inbox.open(inboxFolder);
try {
  const result = await fetchStudies(request, inbox, () => {}, new AbortController().signal);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: errorCode(error), arrived: inbox.counts().arrived })}\n`);
} finally {
  await inbox.close();
}
