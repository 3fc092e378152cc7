import { defineConfig } from 'vitest/config';

const minutes = 60_000;
const special = ['test/**/*.tool.test.ts', 'test/**/*.e2e.test.ts', 'test/**/*.full.test.ts'];

// What comes about by itself may take long on a machine that others use too.
const patient = { expect: { poll: { timeout: 20_000 } } };

// Tests of one project that need root, ports or much memory run one file at a time.
const alone = { ...patient, fileParallelism: false, hookTimeout: 20 * minutes };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: special,
          testTimeout: 30_000,
        },
      },
      { test: { ...alone, name: 'tool', include: ['test/**/*.tool.test.ts'], testTimeout: 10 * minutes } },
      { test: { ...alone, name: 'e2e', include: ['test/**/*.e2e.test.ts'], testTimeout: 20 * minutes } },
      // Long ones: only by scripts/test --full.
      { test: { ...alone, name: 'full', include: ['test/**/*.full.test.ts'], testTimeout: 40 * minutes } },
    ],
  },
});
