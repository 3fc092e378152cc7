import { lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { pathInRoot } from './root-path.ts';

/** Asked by Debian's maintainer scripts whether a service may start: 101 is no (invoke-rc.d(8)). */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY = '#!/bin/sh\nexit 101\n';

/** Keep packages from starting services while `work` runs; a policy that the image brings itself is left alone. */
export async function withoutServices<T>(root: string, work: () => Promise<T>): Promise<T> {
  const policy = await pathInRoot(root, POLICY_FILE);
  if (await exists(policy)) return await work();
  await writeFile(policy, POLICY, { mode: 0o755 });
  const result = await work();
  const isOurs = (await readFile(policy, 'utf8').catch(() => '')) === POLICY;
  if (isOurs) await rm(policy);
  return result;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
