import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { siteFolder } from '../platform/site-folder.js';
import { temporaryFolder } from '../testing/site.fixture.js';
import { offeredDatasets } from './offered-datasets.js';
import { openSiteState } from './site-state.js';

it('offers each dataset under every name that plans may call it, and no name twice', () => {
  const root = temporaryFolder();
  const state = openSiteState(siteFolder(root).state);
  const summary = { train: 1, validation: 1, test: 1 };
  for (const name of ['chest', 'head']) state.datasets.register(name, name.padEnd(64, '0'), summary);
  state.bindings.bind('ct-study', 'chest');
  state.bindings.bind('head', 'chest');
  state.bindings.bind('lost', 'gone');
  const offered = offeredDatasets(state).map(({ name, version }) => [name, version.slice(0, 5)]);
  expect(offered.sort()).toEqual([
    ['chest', 'chest'],
    ['ct-study', 'chest'],
    ['head', 'chest'],
  ]);
  state.close();
  rmSync(root, { recursive: true });
});
