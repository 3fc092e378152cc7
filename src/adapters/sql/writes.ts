/**
 * The statements of the writer thread, by name. They are few and fixed, so each is prepared once, and a change crosses
 * to the thread as a name and its parameters.
 */
export const WRITES = {
  putLease: 'INSERT OR REPLACE INTO leases (row, address, mac, expires_at, state) VALUES (?, ?, ?, ?, ?)',
  /** Puts nothing: what a rehearsal writes. */
  rehearseLease: 'INSERT INTO leases (row, address, mac, expires_at, state) SELECT ?, ?, ?, ?, ? WHERE 0',
  dropLease: 'DELETE FROM leases WHERE row = ?',
  /** By whoever does not serve the leases: it looks at all of them. */
  dropLeaseOf: 'DELETE FROM leases WHERE address = ?',
  orderRelease: 'INSERT OR REPLACE INTO lease_releases (address) VALUES (?)',
  dropReleaseOrder: 'DELETE FROM lease_releases WHERE address = ?',
  openBoot: `INSERT INTO boots (boot, mac, host, is_stranger, started_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (boot) DO NOTHING`,
  claimBoot: 'UPDATE boots SET host = ?, is_stranger = ? WHERE boot = ? AND host IS NULL',
  addEvent: 'INSERT INTO events (boot, host, at, fact) VALUES (?, ?, ?, ?)',
  /** Of one MAC only the newest boots are kept: a host may reboot for ever. */
  forgetBootsOf: `DELETE FROM boots WHERE boot IN (
    SELECT boot FROM boots WHERE mac = ? ORDER BY started_at DESC, boot DESC LIMIT -1 OFFSET ?)`,
  /** Made-up MACs must not fill the disk. */
  forgetStrangers: `DELETE FROM boots WHERE boot IN (
    SELECT boot FROM boots WHERE is_stranger = 1 ORDER BY started_at DESC, boot DESC LIMIT -1 OFFSET ?)`,
  putToken: 'INSERT OR REPLACE INTO tokens (hash, expires_at, grant_document) VALUES (?, ?, ?)',
  dropOldTokens: 'DELETE FROM tokens WHERE expires_at < ?',
} as const;

/** One statement to run. */
export type Write = readonly [name: keyof typeof WRITES, ...parameters: readonly (string | number | null)[]];

/** What the thread is asked: each group of writes is of one caller, and is done whole or not at all. */
export interface WriteRequest {
  readonly groups: readonly (readonly Write[])[];
  /** Whether the answer has to wait until the disk has it; otherwise until other connections can read it. */
  readonly isDurable: boolean;
}

/** What became of the oldest groups of a kind that were not told of yet. */
export interface WriteReport {
  readonly isDurable: boolean;
  readonly count: number;
  /** For each undefined when it is written, else why it is not; left out when all are written. */
  readonly failures?: WriteResult;
}

/** What became of each group: undefined when it is written, else why it is not. */
export type WriteResult = readonly (string | undefined)[];
