import type { BuiltImage, BuiltImages } from '../../build/built-image.ts';
import { type SqlDatabase, storing } from './database.ts';
import { parseBuiltLayersDocument } from './documents.ts';

/** Every image as it was last built. */
export class SqlBuiltImages implements BuiltImages {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async all(): Promise<readonly BuiltImage[]> {
    const rows = await storing('read what was built', () =>
      this.#database.query.selectFrom('built_images').selectAll().execute(),
    );
    return rows.map(({ image, architecture, layers }) => ({
      image,
      architecture,
      layers: parseBuiltLayersDocument(layers),
    }));
  }

  async put({ image, architecture, layers }: BuiltImage): Promise<void> {
    await storing(`write down that image "${image}" was built`, () =>
      this.#database.query
        .replaceInto('built_images')
        .values({ image, architecture, layers: JSON.stringify(layers) })
        .execute(),
    );
  }
}
