import { type Kysely, sql, type Transaction } from 'kysely';
import type { GarbageRecords } from '../../build/collect-garbage.ts';
import { parseContentId } from '../../build/content-id.ts';
import type { GarbageFacts, Verdict } from '../../build/garbage.ts';
import type { Digest } from '../../core/artefact.ts';
import { type SqlDatabase, storing } from './database.ts';
import {
  parseBuiltLayersDocument,
  parseGrantDocument,
  parseReleaseDocument,
  parseStepDocument,
} from './documents.ts';
import type { Tables } from './tables.ts';

const DAY_MILLISECONDS = 24 * 3600 * 1000;
/** SQLite takes a bounded number of values in one statement. */
const AT_ONCE = 500;

/** Everything that refers to releases, artefacts and steps, looked at and thinned out in one transaction. */
export class SqlGarbageRecords implements GarbageRecords {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async sweep(
    judge: (facts: GarbageFacts) => Verdict,
    { now, dryRun }: { readonly now: number; readonly dryRun: boolean },
  ): Promise<Verdict> {
    const { query } = this.#database;
    const verdict = await storing('remove what is no longer used', async () => {
      // Before the transaction, for it looks at every event. A boot that begins meanwhile has a token.
      const reported = await releasesReported(query, now - DAY_MILLISECONDS);
      return await query.transaction().execute(async (transaction) => {
        // A write comes first: it takes the write lock. The server then reads the history anew.
        if (!dryRun) await sql`UPDATE revision SET number = number + 1`.execute(transaction);
        const facts = await readFacts(transaction, { now, reported });
        const found = judge(facts);
        if (!dryRun) await remove(transaction, found);
        return found;
      });
    });
    if (!dryRun) this.#database.changed();
    return verdict;
  }
}

async function releasesReported(query: Kysely<Tables>, since: number): Promise<readonly Digest[]> {
  const rows = await query
    .selectFrom('events')
    .select(sql<Digest | null>`json_extract(fact, '$.release')`.as('release'))
    .distinct()
    .where('at', '>', since)
    .execute();
  return rows.flatMap(({ release }) => release ?? []);
}

async function readFacts(
  transaction: Transaction<Tables>,
  { now, reported }: { readonly now: number; readonly reported: readonly Digest[] },
): Promise<GarbageFacts> {
  const all = <T extends keyof Tables>(table: T) => transaction.selectFrom(table);
  const releases = await all('releases').selectAll().execute();
  const tokens = await all('tokens').select('grant_document').where('expires_at', '>', now).execute();
  const steps = await all('steps').selectAll().execute();
  const built = await all('built_images').selectAll().execute();
  return {
    releases: releases.map(({ digest, document, created_at }) => ({
      digest,
      release: parseReleaseDocument(document, digest),
      createdAt: created_at,
    })),
    channels: (await all('channels').select('digest').execute()).map(({ digest }) => digest),
    moves: await all('publications').selectAll().orderBy('sequence', 'desc').execute(),
    pinned: (await all('release_pins').select('digest').execute()).map(({ digest }) => digest),
    booted: [...reported, ...tokens.map((row) => parseGrantDocument(row.grant_document).release)],
    hostLayers: await all('host_layers').selectAll().orderBy('built_at', 'desc').execute(),
    attestations: await all('attestations').select(['release', 'digest']).execute(),
    steps: steps.map(({ content_id, result }) => ({
      id: parseContentId(content_id),
      result: parseStepDocument(result),
    })),
    built: built.map((row) => ({ ...row, layers: parseBuiltLayersDocument(row.layers) })),
    jobs: await all('jobs').select(['id', 'state']).orderBy('id', 'desc').execute(),
  };
}

/** A release after all that refers to it. */
async function remove(transaction: Transaction<Tables>, { releases, steps }: Verdict): Promise<void> {
  for (const part of parts(releases.map(({ digest }) => digest))) {
    await transaction.deleteFrom('release_pins').where('digest', 'in', part).execute();
    await transaction.deleteFrom('attestations').where('release', 'in', part).execute();
    await transaction.deleteFrom('release_signatures').where('digest', 'in', part).execute();
    await transaction.deleteFrom('publications').where('digest', 'in', part).execute();
    await transaction.deleteFrom('releases').where('digest', 'in', part).execute();
  }
  for (const part of parts(steps))
    await transaction.deleteFrom('steps').where('content_id', 'in', part).execute();
}

function parts<T>(values: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(values.length / AT_ONCE);
  return Array.from({ length: count }, (_, index) => values.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}
