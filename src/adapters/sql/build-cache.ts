import type { BuildCache, ContentId, StepResult } from '../../ports/build-cache.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseStepDocument } from './documents.ts';

/** Results of build steps by content id. */
export class SqlBuildCache implements BuildCache {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async find(id: ContentId): Promise<StepResult | undefined> {
    const row = await storing('look up a build step', () =>
      this.#database.query
        .selectFrom('steps')
        .select('result')
        .where('content_id', '=', id)
        .executeTakeFirst(),
    );
    return row === undefined ? undefined : parseStepDocument(row.result);
  }

  async put(id: ContentId, result: StepResult): Promise<void> {
    await storing('keep a build step', () =>
      this.#database.query
        .replaceInto('steps')
        .values({ content_id: id, result: JSON.stringify(result) })
        .execute(),
    );
  }
}
