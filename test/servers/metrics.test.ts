import { expect, test } from 'vitest';
import { metricsRoutes } from '../../src/servers/routes/metrics.ts';
import { startApi } from './api.ts';

test('metrics are for the administrator only', async () => {
  const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('up 1\n') };
  const api = await startApi({ routes: [metricsRoutes({ metrics })] });
  for (const path of ['/metrics', '/metrics?x', '/%6detrics'])
    expect((await fetch(`${api.base}${path}`)).status).toBe(401);
  const answer = await api.call('/metrics');
  expect([answer.headers.get('content-type'), await answer.text()]).toEqual([metrics.contentType, 'up 1\n']);
});
