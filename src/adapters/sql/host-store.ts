import type { Transaction } from 'kysely';
import { AppError } from '../../core/errors.ts';
import type { Host, HostName } from '../../core/host.ts';
import type { HostStore } from '../../ports/host-store.ts';
import { isUniqueViolation, type SqlDatabase, storing } from './database.ts';
import { parseHostDocument } from './documents.ts';
import type { Tables } from './tables.ts';

/** Registered hosts; the unique keys of the tables decide between two writers. */
export class SqlHostStore implements HostStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** All registered hosts by name. */
  async list(): Promise<readonly Host[]> {
    const rows = await storing('list hosts', () =>
      this.#database.query.selectFrom('hosts').select(['name', 'document']).orderBy('name').execute(),
    );
    return rows.map((row) => parseHostDocument(row.document));
  }

  /** Insert or replace; all or nothing. */
  async put(host: Host): Promise<void> {
    await storing(`register host "${host.name}"`, async () => {
      try {
        await this.#database.query.transaction().execute((transaction) => replaceHost(transaction, host));
      } catch (error) {
        if (isUniqueViolation(error)) throw await this.#conflict(host, error);
        throw error;
      }
    });
    this.#database.changed();
  }

  /** False when there was none. */
  async remove(name: HostName): Promise<boolean> {
    const result = await storing(`remove host "${name}"`, () =>
      this.#database.query.deleteFrom('hosts').where('name', '=', name).executeTakeFirst(),
    );
    this.#database.changed();
    return result.numDeletedRows > 0n;
  }

  async #conflict(host: Host, cause: unknown): Promise<AppError> {
    const { query } = this.#database;
    const owner =
      (await query
        .selectFrom('host_macs')
        .select(['mac as key', 'host'])
        .where('mac', 'in', host.macs)
        .where('host', '!=', host.name)
        .executeTakeFirst()) ??
      (await query
        .selectFrom('hosts')
        .select(['address as key', 'name as host'])
        .where('address', '=', host.address ?? null)
        .where('name', '!=', host.name)
        .executeTakeFirst());
    const reason =
      owner === undefined
        ? 'another host owns a MAC or its address'
        : `"${owner.key}" belongs to host "${owner.host}"`;
    return new AppError('conflict', `Cannot register host "${host.name}": ${reason}`, { cause });
  }
}

async function replaceHost(transaction: Transaction<Tables>, host: Host): Promise<void> {
  await transaction.deleteFrom('hosts').where('name', '=', host.name).execute();
  await transaction
    .insertInto('hosts')
    .values({ name: host.name, address: host.address ?? null, document: JSON.stringify(host) })
    .execute();
  await transaction
    .insertInto('host_macs')
    .values(host.macs.map((mac) => ({ mac, host: host.name })))
    .execute();
}
