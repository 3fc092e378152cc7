import { describe } from 'vitest';
import { testEngineFaults } from './engine-faults.ts';
import { testEngine } from './engine-suite.ts';

describe.each(['single', 'per-transfer'] as const)('engine dgram, ports %s', (ports) => {
  testEngine({ engine: 'dgram', ports });
  testEngineFaults({ engine: 'dgram', ports });
});
