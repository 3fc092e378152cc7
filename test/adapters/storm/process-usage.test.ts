import { expect, test } from 'vitest';
import { processUsage } from '../../../src/adapters/storm/process-usage.ts';

test('processUsage() tells what this process has used, as the kernel counts it', async () => {
  const usage = await processUsage(process.pid);
  const { user, system } = process.cpuUsage();
  expect(usage.cpuSeconds).toBeGreaterThan(0);
  // The kernel's clock ticks are a hundredth of a second, and time goes on between the two.
  expect(usage.cpuSeconds).toBeLessThanOrEqual((user + system) / 1e6 + 1);
  expect(usage.peakRssBytes).toBeGreaterThan(process.memoryUsage.rss() / 4);
});
