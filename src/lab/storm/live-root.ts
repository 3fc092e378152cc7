import type { StormCard } from '../../ports/storm-card.ts';
import type { StormLease } from './dhcp-dialogue.ts';
import { type FetchManner, fetchFile, INITRAMFS_MANNER } from './fetch.ts';
import type { HostRecord, Mark } from './record.ts';
import { BootStop } from './stop.ts';
import { type BootEnv, type ManifestRow, readBootEnv, readManifest } from './texts.ts';

/** What the live root needs of a simulated host. */
export interface LiveHost {
  readonly card: StormCard;
  readonly record: HostRecord;
  readonly hashes: boolean;
}

/** What it asks back. */
export interface LiveSteps {
  readonly askAddress: () => Promise<StormLease>;
  readonly mark: (reached: Mark) => void;
}

/** curl in `boot.sh`, `--max-time 30`. */
const MANIFEST_MANNER: FetchManner = { ...INITRAMFS_MANNER, resumes: false, stallLimit: 30_000 };
/** Pauses between rounds of `failure.sh`; then the host boots anew. */
const ROUND_PAUSES = [10_000, 20_000, 40_000, 80_000] as const;
/** `boot/agent` tries so often to tell that the host is healthy. */
const AGENT_TRIES = 30;

/** `boot/initramfs`, then the agent: network, manifest, layers, conffs, root, healthy. Throws `BootStop`. */
export async function liveRoot(host: LiveHost, environment: string, steps: LiveSteps): Promise<void> {
  const env = readBootEnv(environment);
  const reporter = new Reporter(host, env);
  for (let round = 0; ; round += 1) {
    try {
      await oneRound(host, reporter, steps);
      break;
    } catch (error) {
      const pause = ROUND_PAUSES[round];
      if (!(error instanceof BootStop) || error.after === 'for good' || pause === undefined) throw error;
      await reporter.tell('failed', { detail: error.message });
      host.record.addFault(error.message);
      host.record.counts.restarts += 1;
      await host.card.pause(pause);
    }
  }
  await reporter.tell('switch-root');
  await reporter.insist('healthy');
  steps.mark('healthy');
}

async function oneRound(host: LiveHost, reporter: Reporter, { askAddress, mark }: LiveSteps): Promise<void> {
  const { env } = reporter;
  const lease = await askAddress();
  await reporter.tell('initramfs-started');
  await reporter.tell('network-up', { detail: `eth0 ${lease.address}` });
  const url = `${env.server}/boot/manifest`;
  const order = { what: 'manifest', url, token: env.token, keep: true };
  const manifest = await fetchFile(host, order, MANIFEST_MANNER);
  await reporter.tell('manifest-fetched', { release: env.release });
  for (const row of readManifest(manifest, env)) await fetchRow(host, row, reporter);
  await reporter.tell('root-mounted');
  mark('root-mounted');
}

async function fetchRow(host: LiveHost, row: ManifestRow, reporter: Reporter): Promise<void> {
  const { kind, url, size, sha256 } = row;
  const started = host.card.now();
  const check = host.hashes || kind === 'conffs' ? { sha256 } : {};
  // The token goes to our own server only, never with a layer.
  const token = kind === 'conffs' ? { token: reporter.env.token } : {};
  await fetchFile(host, { what: kind, url, size, ...check, ...token }, INITRAMFS_MANNER);
  const seconds = ((host.card.now() - started) / 1000).toFixed(2);
  await reporter.tell(`${kind}-fetched`, { subject: `sha256:${sha256}`, bytes: String(size), seconds });
}

/** Posts milestones as `report.sh` and the agent do. */
class Reporter {
  readonly env: BootEnv;
  readonly #host: LiveHost;
  readonly #since: number;

  constructor(host: LiveHost, env: BootEnv) {
    this.#host = host;
    this.env = env;
    this.#since = host.card.now();
  }

  /** Once; a report that is lost stops nothing. */
  async tell(milestone: string, fields: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const { card, record } = this.#host;
    const uptime = ((card.now() - this.#since) / 1000).toFixed(2);
    const { status } = await card.http({
      method: 'POST',
      url: `${this.env.server}/boot/events`,
      headers: {
        authorization: `Bearer ${this.env.token}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ milestone, uptime, ...fields }).toString(),
      connectLimit: 2000,
      stallLimit: 5000,
      take: () => undefined,
    });
    if (status !== undefined) record.addStatus(status);
    return status === 204;
  }

  /** Until it is taken. */
  async insist(milestone: string): Promise<void> {
    const { card, record } = this.#host;
    for (let failed = 0; failed < AGENT_TRIES; failed += 1) {
      if (await this.tell(milestone, { release: this.env.release, detail: 'running' })) return;
      record.counts.httpRetries += 1;
      record.addFault(`${milestone}: not taken`);
      await card.pause(Math.min(failed + 1, 10) * 1000);
    }
    throw new BootStop(`${milestone}: not taken in ${AGENT_TRIES} tries`, 'again');
  }
}
