import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../adapters/sql/database.ts';
import { SqlHostStore } from '../adapters/sql/host-store.ts';
import { openState, type State } from '../adapters/state.ts';
import { type LoadResult, loadSite, siteOrThrow } from '../config/load.ts';
import { reportText } from '../config/report.ts';
import type { Site } from '../config/site.ts';
import type { Host } from '../core/host.ts';
import { configFile, type GlobalOptions } from './invocation.ts';

/** The stores of a site's data directory, with the site they belong to. */
export type OpenSite = State & { readonly site: Site };

/** Load the site that the options name; faults are in the result. */
export function loadNamedSite(options: GlobalOptions): Promise<LoadResult> {
  return loadSite(configFile(options), { registeredHosts });
}

/** Load the site that the options name; its faults are printed to standard error, and it fails with `config-invalid`. */
export async function requireSite(options: GlobalOptions): Promise<Site> {
  const result = await loadNamedSite(options);
  if (!result.ok) process.stderr.write(`${faultReport(result.faults)}\n\n`);
  return siteOrThrow(result);
}

/** All faults as text, in colour where standard error is a terminal. */
export function faultReport(faults: Parameters<typeof reportText>[0]): string {
  return reportText(faults, { directory: process.cwd(), colour: process.stderr.isTTY });
}

/** Run `work` on the stores of the site that the options name, and close them whatever happens. */
export async function withState(
  options: GlobalOptions,
  work: (state: OpenSite, output: { readonly json: boolean }) => Promise<void> | void,
): Promise<void> {
  const site = await requireSite(options);
  const state = await openState(site.directories.data, () => site);
  try {
    await work({ ...state, site }, { json: options.json === true });
  } finally {
    await state.close();
  }
}

/** Hosts registered in a data directory; none where there is no database yet, which is then not made either. */
async function registeredHosts(dataDirectory: string): Promise<readonly Host[]> {
  const path = join(dataDirectory, 'bivouac.db');
  if (!existsSync(path)) return [];
  const database = openDatabase(path);
  try {
    return await new SqlHostStore(database).list();
  } finally {
    await database.close();
  }
}
