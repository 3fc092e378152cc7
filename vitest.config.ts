import { defineConfig } from 'vitest/config';

const minutes = 60_000;
const special = ['test/**/*.tool.test.ts', 'test/**/*.e2e.test.ts', 'test/**/*.full.test.ts'];

// Tests of one project that need root, ports or much memory run one file at a time.
const alone = { fileParallelism: false, hookTimeout: 20 * minutes };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: special, testTimeout: 10_000 } },
      { test: { ...alone, name: 'tool', include: ['test/**/*.tool.test.ts'], testTimeout: 10 * minutes } },
      { test: { ...alone, name: 'e2e', include: ['test/**/*.e2e.test.ts'], testTimeout: 20 * minutes } },
      // Long ones: only by scripts/test --full.
      { test: { ...alone, name: 'full', include: ['test/**/*.full.test.ts'], testTimeout: 40 * minutes } },
    ],
  },
});
