import { Command } from 'commander';
import { openGarbageSite } from '../adapters/garbage-site.ts';
import { collectGarbage, type GarbageReport } from '../build/collect-garbage.ts';
import { shortDigest } from '../core/artefact.ts';
import { formatBytes, formatTable, formatTime } from './format.ts';
import { globalOptions, print, printJson, readCount } from './invocation.ts';
import { withState } from './site.ts';

const WAIT_MILLISECONDS = 10 * 60 * 1000;
const KEEP = 3;

/** `bivouac gc`: remove what is no longer used. */
export function gcCommand(): Command {
  return new Command('gc')
    .description('remove releases, layers and files that nothing needs any more; waits for builds that run')
    .option('--dry-run', 'show what would go, and remove nothing')
    .option('--keep <number>', `releases of each channel that stay (default: ${KEEP})`, readCount)
    .action((options: { dryRun?: boolean; keep?: number }, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        const request = {
          keep: options.keep ?? KEEP,
          dryRun: options.dryRun === true,
          wait: {
            signal: AbortSignal.timeout(WAIT_MILLISECONDS),
            told: (message: string): void => void process.stderr.write(`${message}\n`),
          },
        };
        const report = await collectGarbage(request, openGarbageSite(state.site, state));
        if (json) printJson(jsonOf(report));
        else print(gcText(report));
      }),
    );
}

/** What went, for a person. */
export function gcText(report: GarbageReport): string {
  const { dryRun, releases, steps } = report;
  const kinds = [
    ['releases', { count: releases.length }],
    ['known steps', { count: steps }],
    ['container images', report.images],
    ['artefacts', report.artefacts],
    ['lists of files', report.listings],
    ['logs of jobs', report.logs],
    ['downloads', report.downloads],
    ['git mirrors and checkouts', report.repositories],
  ] as const;
  const rows = kinds.map(([kind, removed]) => [
    kind,
    String(removed.count),
    'bytes' in removed ? formatBytes(removed.bytes) : '-',
  ]);
  const names = releases.map(({ digest, release, createdAt }) => [
    shortDigest(digest),
    release.image,
    release.architecture,
    createdAt === 0 ? '-' : formatTime(createdAt),
  ]);
  return [
    ...(names.length === 0 ? [] : [formatTable(['RELEASE', 'IMAGE', 'ARCH', 'MADE'], names), '']),
    formatTable([dryRun ? 'WOULD GO' : 'REMOVED', 'COUNT', 'SIZE'], rows),
    `${dryRun ? 'Would free' : 'Freed'} ${formatBytes(bytesOf(report))}`,
  ].join('\n');
}

function jsonOf(report: GarbageReport): object {
  const releases = report.releases.map(({ digest, release: { image, architecture } }) => ({
    digest,
    image,
    architecture,
  }));
  return { ...report, releases, bytes: bytesOf(report) };
}

function bytesOf(report: GarbageReport): number {
  const { images, artefacts, listings, logs, downloads, repositories } = report;
  const kinds = [images, artefacts, listings, logs, downloads, repositories];
  return kinds.reduce((sum, { bytes }) => sum + bytes, 0);
}
