import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Packages are tested from their sources, unbuilt. */
const conditions = ['@consilium/source', 'module', 'node', 'development|production'];

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['apps/**/*.test.ts', 'packages/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    testTimeout: 30_000,
  },
});
