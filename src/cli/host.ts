import { Command } from 'commander';
import { persistentPaths } from '../boot/cmdline.ts';
import { type ReleaseChoice, selectRelease } from '../boot/select-release.ts';
import { shortDigest } from '../core/artefact.ts';
import { type Catalogue, publishedAll } from '../core/catalogue.ts';
import { AppError } from '../core/errors.ts';
import type { BootId, BootRecord } from '../core/event.ts';
import { type Host, type HostName, parseHostName } from '../core/host.ts';
import type { HostLayer } from '../core/host-layer.ts';
import { timelineOf } from '../fleet/timeline.ts';
import type { EventLog } from '../ports/event-log.ts';
import { formatBytes, formatSeconds, formatTable, formatTime } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';
import { timelineText } from './timeline-text.ts';

/** `bivouac host list`, `bivouac host show NAME [--boot last|ID]`. */
export function hostCommand(): Command {
  const host = new Command('host').description('hosts and how they booted');
  host.addCommand(listCommand());
  host.addCommand(showCommand());
  return host;
}

function listCommand(): Command {
  return new Command('list')
    .description('all hosts of files and of the API')
    .action((_options, command: Command) =>
      withState(globalOptions(command), async ({ snapshots }, { json }) => {
        const { hosts } = (await snapshots.current()).inventory;
        if (json) printJson(hosts);
        else
          print(
            formatTable(['NAME', 'MAC', 'ADDRESS', 'IMAGE', 'CHANNEL', 'DEFINED IN'], hosts.map(hostRow)),
          );
      }),
    );
}

function showCommand(): Command {
  return new Command('show')
    .description('a host, its newest boots, or the timeline of one boot')
    .argument('<name>', 'name of the host')
    .option('--boot <which>', '"last" or the id of a boot')
    .action((name: string, options: { boot?: string }, command: Command) =>
      withState(globalOptions(command), async ({ snapshots, events }, { json }) => {
        const snapshot = await snapshots.current();
        const { catalogue, hostLayers } = snapshot;
        const known = snapshot.inventory.byName;
        const hostName = parseHostName(name);
        const host = hostName === undefined ? undefined : known.get(hostName);
        if (options.boot !== undefined && hostName !== undefined) {
          const record = await findBoot(events, hostName, options.boot);
          const timeline = timelineOf(record, Date.now());
          if (json) printJson(timeline);
          else print(timelineText(timeline));
          return;
        }
        if (host === undefined) throw unknownHost(name, [...known.keys()]);
        const boots = (await events.boots(host.name, 5)).map((record) => timelineOf(record, Date.now()));
        const persist = persistOf(host, catalogue);
        const layers = hostLayers.index.of(host.name, host.image);
        const next = selectRelease(host, snapshot, { cpu: undefined });
        if (json) printJson({ ...host, persist, next: nextOf(next), hostLayers: layers, boots });
        else {
          print(hostText(host, [nextText(next), persistText(persist)], boots));
          if (layers.length > 0) print(`\n${layersText(layers)}`);
        }
      }),
    );
}

async function findBoot(events: EventLog, host: HostName, which: string): Promise<BootRecord> {
  const boots = await events.boots(host, which === 'last' ? 1 : 50);
  const record = which === 'last' ? boots[0] : boots.find(({ boot }) => boot === parseBootId(which));
  if (record !== undefined) return record;
  throw new AppError('not-found', `Cannot show boot "${which}" of host "${host}": no such boot is recorded`, {
    remedy: `"bivouac host show ${host}" lists the newest boots`,
  });
}

function parseBootId(text: string): BootId {
  return text as BootId;
}

function unknownHost(name: string, known: readonly string[]): AppError {
  return new AppError('not-found', `Cannot show host "${name}": there is no such host`, {
    remedy:
      known.length === 0 ? 'No host is defined: add hosts/<name>.yml' : `Known hosts: ${known.join(', ')}`,
  });
}

function hostRow(host: Host): string[] {
  return [
    host.name,
    host.macs.join(' '),
    host.address ?? 'pool',
    host.image,
    host.channel,
    host.source.kind === 'file' ? host.source.path : 'API',
  ];
}

/** What playbooks made for the host, the newest first. */
function layersText(layers: readonly HostLayer[]): string {
  const rows = layers.map(({ release, archive, commits, builtAt }) => [
    release.slice(0, 19),
    archive.digest.slice(0, 19),
    formatBytes(archive.size),
    formatTime(builtAt),
    commits.map((commit) => commit.slice(0, 12)).join(' '),
  ]);
  return formatTable(['RELEASE', 'HOST LAYER', 'SIZE', 'BUILT', 'COMMITS'], rows);
}

/** What keeps its content over the host's boots, as the newest releases of its channel say; the rest is in memory. */
function persistOf(host: Host, catalogue: Catalogue): readonly string[] {
  const paths = publishedAll(catalogue, host).flatMap(({ release }) =>
    release.output === 'netboot' ? persistentPaths({ release, host: host.cmdline }) : [],
  );
  return [...new Set(paths)].sort();
}

/** What the host would boot now, as a document. */
function nextOf(choice: ReleaseChoice): object {
  if (choice.kind === 'none') return { release: null, reason: choice.reason };
  const { named, instead } = choice;
  return { release: named.digest, ...(instead === undefined ? {} : { reason: instead }) };
}

function nextText(choice: ReleaseChoice): string {
  if (choice.kind === 'none') return `boots nothing: ${choice.reason}`;
  const { named, instead } = choice;
  const release = `boots release ${shortDigest(named.digest)} (${named.release.architecture}, ${named.release.kernelVersion})`;
  return instead === undefined ? release : `${release}, an earlier one: ${instead}`;
}

function persistText(persist: readonly string[]): string {
  return `persistent: ${persist.length === 0 ? 'nothing; all is in memory' : persist.join(' ')}`;
}

function hostText(
  host: Host,
  facts: readonly string[],
  boots: readonly ReturnType<typeof timelineOf>[],
): string {
  const rows = boots.map((boot) => [
    boot.boot,
    formatTime(boot.startedAt),
    boot.outcome,
    formatSeconds(boot.seconds),
    boot.release?.slice(0, 19) ?? '',
  ]);
  const table = formatTable(['BOOT', 'STARTED', 'OUTCOME', 'AFTER', 'RELEASE'], rows);
  const head = formatTable(['NAME', 'MAC', 'ADDRESS', 'IMAGE', 'CHANNEL', 'DEFINED IN'], [hostRow(host)]);
  return [head, facts.join('\n'), boots.length === 0 ? 'no boot recorded' : table].join('\n\n');
}
