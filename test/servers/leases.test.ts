import { expect, test } from 'vitest';
import { aLease, aSubnet } from '../builders.ts';
import { startApi } from './api.ts';

test('a lease is released by its address; one that is not there is not found', async () => {
  const api = await startApi();
  await api.leases.commit(aLease(), aSubnet().subnet);
  const release = (address: string) => api.call(`/api/v1/leases/${address}`, { method: 'DELETE' });
  expect((await release(aLease().address)).status).toBe(204);
  expect(api.leases.list()).toEqual([]);
  for (const wrong of [aLease().address, '10.77.0', 'x'.repeat(200)])
    expect((await release(wrong)).status).toBe(404);
});

test('leases are for the administrator only', async () => {
  const api = await startApi();
  const stranger = (method: string, path: string) => fetch(`${api.base}${path}`, { method });
  expect((await stranger('GET', '/api/v1/leases')).status).toBe(401);
  expect((await stranger('DELETE', '/api/v1/leases/10.77.0.11')).status).toBe(401);
});
