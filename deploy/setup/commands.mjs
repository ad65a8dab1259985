import { build, generate, install, kernels } from './steps.mjs';

const ALL = [install, generate, kernels, build];
const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];
const COUNTED = ['--reporter=default', '--reporter=./test/closing-line.reporter.ts'];

/** What `npm run ...` can ask for: the set-up steps it needs, and the commands that follow. */
export const COMMANDS = {
  setup: { steps: ALL, lines: () => [] },
  build: { steps: ALL, lines: () => [] },
  consilium: { steps: ALL, lines: (args) => [['apps/cli/bin/consilium.mjs', ...args]] },
  test: { steps: ALL, lines: (args) => [[...VITEST, ...COUNTED, ...args]] },
  bench: { steps: ALL, lines: (args) => [['test/run.mjs', 'bench/harness', ...args]] },
  conformance: { steps: ALL, lines: (args) => [['test/run.mjs', 'conformance', ...args]] },
  faults: { steps: ALL, lines: (args) => [['test/run.mjs', 'faults', ...args]] },
  ingest: { steps: ALL, lines: (args) => [['test/run.mjs', 'ingest', ...args]] },
  fuzz: { steps: ALL, lines: (args) => [['test/run.mjs', 'fuzz', ...args]] },
  figures: { steps: ALL, lines: (args) => [['test/run.mjs', 'figures', ...args]] },
  engine: { steps: ALL, lines: (args) => [['test/run.mjs', 'engine', ...args]] },
  release: { steps: ALL, lines: (args) => [['deploy/release/run.mjs', ...args]] },
  check: {
    steps: ALL,
    lines: () => [
      ['node_modules/typescript/bin/tsc', '-b', 'test'],
      ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
      ['node_modules/@bufbuild/buf/bin/buf', 'lint', 'proto'],
      ['node_modules/@bufbuild/buf/bin/buf', 'breaking', 'proto', '--against', 'proto/released.json'],
      [...VITEST, 'packages', 'apps', 'test/architecture'],
    ],
  },
};
