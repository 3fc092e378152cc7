import { describe } from 'vitest';
import { loadLibc } from '../../../src/servers/libc/libc.ts';
import { testEngineFaults } from './engine-faults.ts';
import { testEngine } from './engine-suite.ts';

const loaded = await loadLibc();

describe.skipIf(!loaded.ok)('engine batch, ports per-transfer', () => {
  testEngine({ engine: 'batch', ports: 'per-transfer' });
  testEngineFaults({ engine: 'batch', ports: 'per-transfer' });
});
