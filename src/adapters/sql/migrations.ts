import type { Database } from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';

/** Append only: a released migration never changes. The number of those applied is in `PRAGMA user_version`. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE hosts (name TEXT PRIMARY KEY, address TEXT UNIQUE, document TEXT NOT NULL) STRICT;
  CREATE TABLE host_macs (
    mac TEXT PRIMARY KEY, host TEXT NOT NULL REFERENCES hosts (name) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX host_macs_host ON host_macs (host);

  CREATE TABLE leases (
    mac TEXT PRIMARY KEY, address TEXT NOT NULL UNIQUE, expires_at INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT;

  CREATE TABLE releases (digest TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
  CREATE TABLE channels (
    image TEXT NOT NULL, channel TEXT NOT NULL, digest TEXT NOT NULL REFERENCES releases (digest),
    published_at INTEGER NOT NULL, PRIMARY KEY (image, channel)
  ) STRICT;
  CREATE TABLE publications (
    sequence INTEGER PRIMARY KEY, image TEXT NOT NULL, channel TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES releases (digest), published_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX publications_channel ON publications (image, channel, sequence);

  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, image TEXT NOT NULL, state TEXT NOT NULL, created_at INTEGER NOT NULL,
    started_at INTEGER, finished_at INTEGER, release TEXT, published INTEGER, error TEXT, owner TEXT
  ) STRICT;
  CREATE UNIQUE INDEX jobs_one_queued ON jobs (image) WHERE state = 'queued';
  CREATE INDEX jobs_state ON jobs (state, id);

  CREATE TABLE boots (
    boot TEXT PRIMARY KEY, mac TEXT NOT NULL, host TEXT, started_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX boots_mac ON boots (mac, started_at, boot);
  CREATE INDEX boots_host ON boots (host, started_at, boot);
  CREATE TABLE events (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL REFERENCES boots (boot) ON DELETE CASCADE,
    host TEXT, at INTEGER NOT NULL, fact TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_boot ON events (boot, id);

  CREATE TABLE tokens (hash TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, grant_document TEXT NOT NULL) STRICT;
  CREATE INDEX tokens_expiry ON tokens (expires_at);

  CREATE TABLE steps (content_id TEXT PRIMARY KEY, result TEXT NOT NULL) STRICT;
  `,
  `
  CREATE TABLE leases_by_address (
    address TEXT PRIMARY KEY, mac TEXT NOT NULL, expires_at INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO leases_by_address SELECT address, mac, expires_at, state FROM leases;
  DROP TABLE leases;
  ALTER TABLE leases_by_address RENAME TO leases;
  CREATE TABLE lease_releases (address TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  ALTER TABLE boots ADD COLUMN is_stranger INTEGER NOT NULL DEFAULT 0;
  UPDATE boots SET is_stranger = 1 WHERE host IS NULL;
  CREATE INDEX boots_stranger ON boots (started_at, boot) WHERE is_stranger = 1;

  CREATE TABLE revision (number INTEGER NOT NULL) STRICT;
  INSERT INTO revision VALUES (1);
  CREATE TRIGGER host_added AFTER INSERT ON hosts BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_changed AFTER UPDATE ON hosts BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_removed AFTER DELETE ON hosts BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER channel_added AFTER INSERT ON channels BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER channel_changed AFTER UPDATE ON channels BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER channel_removed AFTER DELETE ON channels BEGIN UPDATE revision SET number = number + 1; END;
  `,
  `
  ALTER TABLE jobs ADD COLUMN request TEXT;
  `,
  `
  CREATE TABLE release_signatures (
    sequence INTEGER PRIMARY KEY, digest TEXT NOT NULL, key_id TEXT NOT NULL, signature TEXT NOT NULL,
    UNIQUE (digest, key_id)
  ) STRICT;
  CREATE INDEX release_signatures_key ON release_signatures (key_id);
  `,
  // A channel points to one release for each architecture. Triggers go with their table, so they are made again.
  `
  CREATE TABLE channels_by_architecture (
    image TEXT NOT NULL, channel TEXT NOT NULL, architecture TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES releases (digest), published_at INTEGER NOT NULL,
    PRIMARY KEY (image, channel, architecture)
  ) STRICT;
  INSERT INTO channels_by_architecture
    SELECT image, channel, json_extract(document, '$.architecture'), channels.digest, published_at
    FROM channels JOIN releases ON releases.digest = channels.digest;
  DROP TABLE channels;
  ALTER TABLE channels_by_architecture RENAME TO channels;
  CREATE TRIGGER channel_added AFTER INSERT ON channels BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER channel_changed AFTER UPDATE ON channels BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER channel_removed AFTER DELETE ON channels BEGIN UPDATE revision SET number = number + 1; END;

  ALTER TABLE publications ADD COLUMN architecture TEXT NOT NULL DEFAULT 'other';
  UPDATE publications SET architecture = (
    SELECT json_extract(document, '$.architecture') FROM releases WHERE releases.digest = publications.digest
  );
  DROP INDEX publications_channel;
  CREATE INDEX publications_channel ON publications (image, channel, architecture, sequence);
  `,
  `
  CREATE TABLE built_images (
    image TEXT NOT NULL, architecture TEXT NOT NULL, layers TEXT NOT NULL, PRIMARY KEY (image, architecture)
  ) STRICT, WITHOUT ROWID;
  `,
  // In the order in which they were first given, so that those of one commit lie side by side: by address they were on as many pages.
  `
  CREATE TABLE leases_by_row (
    row INTEGER PRIMARY KEY, address TEXT NOT NULL, mac TEXT NOT NULL, expires_at INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT;
  INSERT INTO leases_by_row (address, mac, expires_at, state) SELECT address, mac, expires_at, state FROM leases;
  DROP TABLE leases;
  ALTER TABLE leases_by_row RENAME TO leases;
  `,
  // Two requests for an image that make different things both wait.
  `
  DROP INDEX jobs_one_queued;
  CREATE INDEX jobs_queued ON jobs (image) WHERE state IN ('queued', 'running');
  ALTER TABLE jobs ADD COLUMN superseded_by TEXT;
  ALTER TABLE jobs ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE releases ADD COLUMN image TEXT NOT NULL DEFAULT '';
  ALTER TABLE releases ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
  UPDATE releases SET image = json_extract(document, '$.image'), created_at = coalesce(
    (SELECT min(published_at) FROM publications WHERE publications.digest = releases.digest), 0
  );
  CREATE INDEX releases_image ON releases (image, created_at);

  ALTER TABLE publications ADD COLUMN action TEXT NOT NULL DEFAULT 'build';
  ALTER TABLE publications ADD COLUMN actor TEXT NOT NULL DEFAULT '';
  ALTER TABLE publications ADD COLUMN reason TEXT NOT NULL DEFAULT '';
  CREATE TABLE channel_pins (
    image TEXT NOT NULL, channel TEXT NOT NULL, pinned_at INTEGER NOT NULL, actor TEXT NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (image, channel)
  ) STRICT;
  CREATE TABLE release_pins (
    digest TEXT PRIMARY KEY REFERENCES releases (digest), pinned_at INTEGER NOT NULL, actor TEXT NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE attestations (
    sequence INTEGER PRIMARY KEY, release TEXT NOT NULL REFERENCES releases (digest), digest TEXT NOT NULL,
    size INTEGER NOT NULL, made_at INTEGER NOT NULL, UNIQUE (release, digest)
  ) STRICT;
  `,
  `
  CREATE TABLE host_layers (
    host TEXT NOT NULL, image TEXT NOT NULL, release TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
    content_id TEXT NOT NULL, commits TEXT NOT NULL, built_at INTEGER NOT NULL, PRIMARY KEY (host, release)
  ) STRICT;
  CREATE INDEX host_layers_digest ON host_layers (digest);
  CREATE TABLE host_layers_wanted (
    image TEXT NOT NULL, host TEXT NOT NULL, PRIMARY KEY (image, host)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER host_layer_added AFTER INSERT ON host_layers BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_layer_changed AFTER UPDATE ON host_layers BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_layer_removed AFTER DELETE ON host_layers BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_layer_wish_added AFTER INSERT ON host_layers_wanted BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_layer_wish_changed AFTER UPDATE ON host_layers_wanted BEGIN UPDATE revision SET number = number + 1; END;
  CREATE TRIGGER host_layer_wish_removed AFTER DELETE ON host_layers_wanted BEGIN UPDATE revision SET number = number + 1; END;
  `,
];

/** Version of the database that the newest migration leaves. */
export const DATABASE_VERSION = MIGRATIONS.length;

/** Bring the database to the newest version, in one transaction. Rejects a database of a later Bivouac. */
export function migrate(database: Database): void {
  // IMMEDIATE: of two processes that start at once the second waits, and then finds nothing to do.
  database.transaction(() => applyMissing(database)).immediate();
}

function applyMissing(database: Database): void {
  const applied = Number(database.pragma('user_version', { simple: true }));
  if (applied > DATABASE_VERSION) {
    throw new AppError(
      'storage',
      `Cannot open database "${database.name}": its version is ${applied}, wanted at most ${DATABASE_VERSION}`,
      { remedy: 'Start the version of Bivouac that wrote it, or restore a backup' },
    );
  }
  for (const sql of MIGRATIONS.slice(applied)) database.exec(sql);
  database.pragma(`user_version = ${DATABASE_VERSION}`);
}
