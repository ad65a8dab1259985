// A program of its own: makes the films of a hospital, or of all hospitals of a plan. Several run side by side.
import { rename, rm } from 'node:fs/promises';
import type { FilmPlanName, PhantomTask } from '@consilium/testkit';
import { exitCodeOf, reportFailure } from '../failure.js';

/** What the demo asks this program for, as JSON in its first argument. */
export type FilmRequest =
  | {
      readonly kind: 'phantom';
      readonly task: PhantomTask;
      readonly siteId: string;
      readonly profile: number;
      readonly seed: number;
      readonly folder: string;
    }
  | {
      readonly kind: 'films';
      readonly plan: FilmPlanName;
      readonly sites: readonly string[];
      /** The folder of --data. */
      readonly data: string;
      /** Gets one folder for each hospital. */
      readonly folder: string;
    };

try {
  await makeFilms(JSON.parse(process.argv[2] ?? '{}') as FilmRequest);
} catch (error) {
  reportFailure(error);
  process.exitCode = exitCodeOf(error);
}

/** Makes them beside their place: a folder that is there is whole. */
async function makeFilms(request: FilmRequest): Promise<void> {
  const { siteProfile, wrapFilms, writePhantomSite } = await import('@consilium/testkit');
  const directory = `${request.folder}.new`;
  await rm(directory, { recursive: true, force: true });
  if (request.kind === 'phantom') {
    const { task, profile, seed, siteId } = request;
    writePhantomSite({ directory, siteId, profile: siteProfile(profile), task, seed });
  } else wrapFilms({ dataDirectory: request.data, plan: request.plan, sites: request.sites, directory });
  await rm(request.folder, { recursive: true, force: true });
  await rename(directory, request.folder);
}
