import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shortDigest } from '../../core/artefact.ts';
import { messageOf } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import { canonicalJson } from '../../core/release.ts';
import type { Secret } from '../../core/secret.ts';
import { BUILDER_EPOCH } from '../content-id.ts';
import { type PlaybookWorld, pinPlaybooks, treeOf } from '../playbook-world.ts';
import type { BuildSite } from '../site.ts';
import { BuildSecrets } from '../stage/read-secrets.ts';
import { termsSeed } from '../stage/terms.ts';
import {
  type ConffsOutcome,
  type ConffsRequest,
  conffsBranches,
  type HostResult,
  type HostTarget,
} from './conffs.ts';
import { type ChainLink, runForHosts } from './host-run.ts';
import { layerFiles } from './layer-files.ts';
import { byRelease, ownHosts, selectedNames, targetsOf } from './targets.ts';

/** Hosts whose roots are mounted at a time. */
const AT_A_TIME = 100;

/**
 * Make the files of the hosts that a pattern selects, each for the release that its channel points to. Rejects when none
 * can be made at all; what becomes of single hosts is in the outcome.
 */
export async function buildConffs(request: ConffsRequest, site: BuildSite): Promise<ConffsOutcome> {
  const startedAt = site.clock.now();
  const folder = join(site.workFolder, 'conffs');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const stages = request.stages.flatMap((stage) => (stage.kind === 'playbook' ? [stage] : []));
    const { signal, branch } = request;
    const playbooks = await pinPlaybooks(conffsBranches(stages, branch), {
      playbooks: site.world.playbooks,
      locks: site.locks,
      signal,
    });
    const names = request.names ?? (await selectedNames(request, playbooks, folder));
    const hosts = ownHosts(names, request, await playbooks.hosts());
    const { targets, failed } = await targetsOf(hosts, request.architecture, site);
    const chain = stages.map((stage): ChainLink => {
      const tree = treeOf(playbooks, stage.branch ?? branch);
      return { stage: stage.name, playbook: stage.playbook, tree };
    });
    const build: Conffs = {
      request,
      site: { ...site, world: { ...site.world, playbooks } },
      playbooks,
      chain,
      folder,
    };
    const needy = chain.length > 0 ? hosts.map(({ name }) => name) : [];
    await site.conffs.layers.want(request.image, needy, request.isPart ? 'too' : 'alone');
    const made = chain.length === 0 ? await rendered(targets, build) : await layered(targets, build);
    const results = [...failed, ...made].sort((a, b) => (a.host < b.host ? -1 : 1));
    return { hosts: results, seconds: (site.clock.now() - startedAt) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Conffs {
  readonly request: ConffsRequest;
  readonly site: BuildSite;
  readonly playbooks: PlaybookWorld;
  readonly chain: readonly ChainLink[];
  readonly folder: string;
}

/** No command runs, so nothing is mounted: files of hosts are rendered as each boot renders them. */
async function rendered(targets: readonly HostTarget[], { site }: Conffs): Promise<readonly HostResult[]> {
  const results: HostResult[] = [];
  for (const { host, named } of targets) results.push(await rehearsed({ host, named }, site));
  return results;
}

async function rehearsed({ host, named }: HostTarget, { conffs }: BuildSite): Promise<HostResult> {
  const { digest: release } = named;
  try {
    const size = await conffs.rehearse(host, named, undefined);
    return { host: host.name, kind: 'rendered', release, size, dropped: [] };
  } catch (error) {
    return { host: host.name, kind: 'failed', release, reason: messageOf(error) };
  }
}

async function layered(targets: readonly HostTarget[], build: Conffs): Promise<readonly HostResult[]> {
  const ids = await contentIds(targets, build);
  const index = await build.site.conffs.layers.index();
  const results: HostResult[] = [];
  const missing: HostTarget[] = [];
  for (const target of targets) {
    const { host, named } = target;
    const layer = index.find(host.name, named.digest);
    if (build.request.fresh || layer === undefined || layer.contentId !== ids.get(target))
      missing.push(target);
    else
      results.push({
        host: host.name,
        kind: 'known',
        release: named.digest,
        size: layer.archive.size,
        dropped: [],
      });
  }
  const secrets = await secretsOf(build.request, missing.length);
  for (const group of byRelease(missing)) {
    build.request.log(
      `Files of ${group.length} ${group.length === 1 ? 'host' : 'hosts'} above release ${shortDigest(group[0].named.digest)} …`,
    );
    results.push(...(await aboveRelease(group, { ...build, secrets }, ids)));
  }
  return results;
}

/** Read only when a playbook is to run. */
async function secretsOf({ image, secrets = [] }: ConffsRequest, runs: number): Promise<readonly Secret[]> {
  const terms = { secrets };
  return (await BuildSecrets.ofSteps(runs === 0 ? [] : [{ image, terms }])).of({ terms });
}

/** Mount the release's layers once, and build for its hosts above them. */
async function aboveRelease(
  group: readonly [HostTarget, ...HostTarget[]],
  build: Conffs & { readonly secrets: readonly Secret[] },
  ids: ReadonlyMap<HostTarget, string>,
): Promise<readonly HostResult[]> {
  const { site, request, folder } = build;
  const { release } = group[0].named;
  const { architecture } = release;
  const mounted = join(folder, 'ground');
  await mkdir(mounted, { recursive: true, mode: 0o700 });
  const files = await layerFiles(release, site.world.artefacts);
  const ground = await site.world.playbooks.rooms.ground(files, { folder: mounted, signal: request.signal });
  const results: HostResult[] = [];
  try {
    const inventory = await build.playbooks.hosts();
    for (let at = 0; at < group.length; at += AT_A_TIME) {
      const batch = group.slice(at, at + AT_A_TIME);
      const own = join(folder, 'hosts');
      await mkdir(own, { recursive: true, mode: 0o700 });
      const options = {
        architecture,
        ...build,
        world: site.world,
        ground,
        inventory,
        limit: site.conffs.limit,
        folder: own,
      };
      for (const result of await runForHosts(
        batch.map(({ host }) => host),
        options,
      )) {
        const target = batch.find(({ host }) => host === result.host);
        if (target !== undefined)
          results.push(await kept(result, target, { build, contentId: ids.get(target) ?? '' }));
      }
    }
    return results;
  } finally {
    await ground.close();
  }
}

async function kept(
  result: Awaited<ReturnType<typeof runForHosts>>[number],
  target: HostTarget,
  { build, contentId }: { readonly build: Conffs; readonly contentId: string },
): Promise<HostResult> {
  const { host, named } = target;
  const { site, request, chain } = build;
  const failure = (reason: string): HostResult => {
    request.log(`    ${host.name} … failed: ${reason}`);
    return { host: host.name, kind: 'failed', release: named.digest, reason };
  };
  if ('reason' in result) return failure(result.reason);
  const { archive, dropped } = result.layer;
  try {
    await site.conffs.rehearse(host, named, archive);
    const commits = [...new Set(chain.flatMap(({ tree }) => tree.commit ?? []))];
    const { image } = request;
    const layer = {
      host: host.name,
      image,
      release: named.digest,
      contentId,
      commits,
      builtAt: site.clock.now(),
    };
    await site.conffs.layers.put(layer, archive);
  } catch (error) {
    return failure(messageOf(error));
  }
  request.log(`    ${host.name} … ${archive.length} bytes`);
  for (const what of dropped) request.log(`    ${host.name}: not kept: ${what}`);
  return { host: host.name, kind: 'built', release: named.digest, size: archive.length, dropped };
}

/** What each host's layer depends on: the release, the playbooks as they are for it, and the host itself. */
async function contentIds(
  targets: readonly HostTarget[],
  { playbooks, chain, site, request }: Conffs,
): Promise<ReadonlyMap<HostTarget, string>> {
  const inventory = await playbooks.hosts();
  const ids = new Map<HostTarget, string>();
  for (const target of targets) {
    const hosts = [target.host.name];
    const digests: string[] = [];
    for (const { tree, playbook } of chain)
      digests.push(await playbooks.ansible.digest({ tree, playbook, hosts, inventory }));
    const seed = {
      epoch: BUILDER_EPOCH,
      release: target.named.digest,
      host: hostPart(target.host),
      digests,
      limit: site.conffs.limit,
      ...termsSeed({ secrets: request.secrets ?? [] }, (path) => path),
    };
    ids.set(target, createHash('sha256').update(canonicalJson(seed)).digest('hex'));
  }
  return ids;
}

function hostPart({ name, macs, address, variables, channel }: Host): object {
  return { name, macs, address: address ?? null, variables, channel };
}
