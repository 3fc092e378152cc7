import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandRunner } from '../../adapters/command.ts';
import { NamespaceNetworks } from '../../adapters/lab-network.ts';
import { StormNetwork, stormPlaces } from '../../adapters/storm/network.ts';
import { processUsage } from '../../adapters/storm/process-usage.ts';
import { makeStormSite } from '../../adapters/storm/site.ts';
import { version } from '../../adapters/version.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import { labNetwork } from '../../lab/network.ts';
import type { StormFiles } from '../../lab/storm/boot.ts';
import { type HostResult, type PhaseCounts, phasesText, type StormNews } from '../../lab/storm/news.ts';
import { probeHosts, type StormOptions, stormHosts } from '../../lab/storm/plan.ts';
import type { StormOutcome } from '../../lab/storm/summary.ts';
import type { RunningCommand } from '../../ports/command.ts';
import { Parts } from './parts.ts';
import { startServer } from './server-process.ts';
import { startCrowd } from './storm-crowd.ts';

/** A storm to make. */
export interface StormSession {
  readonly options: StormOptions;
  /** An empty folder for the site, the logs and the plans. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** One host in sixteen compares the SHA-256 of every file; hashing all would take as much CPU as the server does. */
const HASH_EVERY = 16;
const SHOWN_ERRORS = 5;

/** Make network, site and server, let the storm loose, and remove all of it but the folder. */
export async function runStorm(session: StormSession): Promise<StormOutcome> {
  const { options, folder, say, signal } = session;
  const parts = new Parts();
  try {
    const boot = fileURLToPath(new URL('../../../boot', import.meta.url));
    const hosts = [...stormHosts(options), ...probeHosts()];
    const { site, files } = await makeStormSite({ folder, boot, hosts, sizes: options });
    signal.throwIfAborted();
    say(`site     ${options.hosts} hosts, releases of random bytes, in ${folder}`);
    const [{ subnet, serverAddress }] = site.policy.subnets;
    const server = labNetwork({ name: `storm-${process.pid}`, subnet, serverAddress, hosts: 0 });
    const places = stormPlaces(server);
    const network = new StormNetwork(commandRunner, new NamespaceNetworks(commandRunner));
    await network.create(places, options);
    parts.add(() => network.destroy(places));
    say(`network  ${server.namespace}: loss ${options.loss} %, link ${options.link ?? 'without limit'}`);
    const before = performance.now();
    const running = await startServer({ site, network: server, directory: folder });
    parts.add(() => running.stop());
    const startSeconds = Math.round(performance.now() - before) / 1000;
    say(`server   ready after ${startSeconds.toFixed(1)} s; log in ${join(folder, 'server.log')}`);
    const serverEnd = ended(running);
    // It ends at the end in any case.
    serverEnd.catch(() => undefined);
    const crowds = new Crowds({ session, files, hosts: places.hosts, probe: places.probe, serverEnd });
    const used = await processUsage(running.pid);
    const storm = await crowds.run(parts);
    const usage = await processUsage(running.pid);
    await parts.remove();
    const cpuSeconds = Math.round((usage.cpuSeconds - used.cpuSeconds) * 100) / 100;
    const errors = await loggedErrors(join(folder, 'server.log'));
    return {
      versions: { bivouac: version(), node: process.version, kernel: release() },
      options,
      ...storm,
      server: { startSeconds, cpuSeconds, peakRssBytes: usage.peakRssBytes, errors },
    };
  } finally {
    await parts.remove();
  }
}

/** What {@link Crowds} is made of. */
interface CrowdsOptions {
  readonly session: StormSession;
  readonly files: StormFiles;
  /** Namespaces. */
  readonly hosts: string;
  readonly probe: string;
  /** Rejects when the server ends. */
  readonly serverEnd: Promise<never>;
}

/** The programs of simulated hosts, and what they have told. */
class Crowds {
  readonly #options: CrowdsOptions;
  readonly #results: HostResult[] = [];
  readonly #answers: number[] = [];
  /** The probe has leases, and measures. */
  readonly #probing = Promise.withResolvers<undefined>();
  readonly #ended = Promise.withResolvers<undefined>();
  #lost = 0;

  constructor(options: CrowdsOptions) {
    this.#options = options;
  }

  async run(parts: Parts): Promise<Pick<StormOutcome, 'results' | 'probe' | 'wallSeconds'>> {
    const { session, files, hosts, probe, serverEnd } = this.#options;
    const { options, signal } = session;
    const common = { files, hashEvery: HASH_EVERY, limit: options.limit };
    const ends: Promise<unknown>[] = [this.#ended.promise];
    if (options.probe > 0) {
      const plan = { ...common, hosts: probeHosts(), probe: options.probe };
      const running = await this.#start(plan, probe, parts);
      ends.push(running.done);
      await Promise.race([this.#probing.promise, running.done, serverEnd, aborted(signal)]);
    }
    const started = performance.now();
    const running = await this.#start({ ...common, hosts: stormHosts(options) }, hosts, parts);
    // Ending without its last word is a fall; a Ctrl-C ends the wait.
    ends.push(running.done.then(() => this.#ended.promise));
    ends.push(serverEnd, aborted(signal));
    await Promise.race(ends);
    const wallSeconds = (performance.now() - started) / 1000;
    const answers = this.#answers;
    return {
      results: this.#results,
      wallSeconds,
      ...(options.probe > 0 ? { probe: { answers, lost: this.#lost } } : {}),
    };
  }

  async #start(
    plan: Parameters<typeof startCrowd>[0]['plan'],
    namespace: string,
    parts: Parts,
  ): Promise<RunningCommand> {
    const { folder, say } = this.#options.session;
    const hear = (news: StormNews): void => this.#hear(news);
    const running = await startCrowd({ plan, namespace, folder, hear, say });
    running.done.catch(() => undefined);
    parts.add(() => running.stop());
    return running;
  }

  #hear(news: StormNews): void {
    switch (news.kind) {
      case 'progress':
        return this.#show(news.phases);
      case 'host':
        this.#results.push(news.result);
        return;
      case 'probe':
        this.#probing.resolve(undefined);
        this.#answers.push(...news.answers);
        this.#lost += news.lost;
        return;
      case 'end':
        return this.#ended.resolve(undefined);
    }
  }

  #show(phases: PhaseCounts): void {
    this.#options.session.say(`hosts    ${phasesText(phases)}`);
  }
}

/** Rejects when the server ends, however it does. */
async function ended(server: RunningCommand): Promise<never> {
  const how = await server.done.then(() => 'by itself', messageOf);
  throw new AppError('command-failed', `Cannot finish the storm: the server ended: ${how}`);
}

/** Rejects when the signal fires. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void =>
    reject(new AppError('command-failed', `Cannot finish the storm: ${messageOf(signal.reason)}`));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return promise;
}

async function loggedErrors(path: string): Promise<StormOutcome['server']['errors']> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => messageOf(error));
  const lines = text.split('\n').filter((line) => /"level":"(?:error|fatal)"/.test(line));
  return { count: lines.length, first: lines.slice(0, SHOWN_ERRORS).map((line) => line.slice(0, 400)) };
}
