// A program of its own: makes the films of one hospital for one plan. Several run side by side.
import { rm } from 'node:fs/promises';
import { exitCodeOf, reportFailure } from '../failure.js';

/** What the demo asks this program for, as JSON in its first argument. */
export type FilmRequest =
  | {
      readonly kind: 'phantom';
      readonly task: 'segmentation' | 'classification';
      readonly profile: number;
      readonly seed: number;
      readonly folder: string;
    }
  | {
      readonly kind: 'films';
      readonly plan: string;
      readonly site: string;
      /** The folder of --data. */
      readonly data: string;
      readonly folder: string;
    };

try {
  await makeFilms(JSON.parse(process.argv[2] ?? '{}') as FilmRequest);
} catch (error) {
  reportFailure(error);
  process.exitCode = exitCodeOf(error);
}

async function makeFilms(request: FilmRequest): Promise<void> {
  const testkit = await import('@consilium/testkit');
  await rm(request.folder, { recursive: true, force: true });
  if (request.kind === 'phantom') {
    const { task, profile, seed, folder } = request;
    await testkit.writePhantoms({ task, siteIndex: profile, seed, folder });
  } else {
    const { plan, site, data, folder } = request;
    await testkit.wrapFilms({ plan, site, data, folder });
  }
}
