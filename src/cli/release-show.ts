import { Command } from 'commander';
import { parseEnvelope } from '../build/release/envelope.ts';
import { shortDigest } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import type { PackageDiff } from '../core/package.ts';
import type { ReleaseLayer } from '../core/release.ts';
import type { Attestation, StoredRelease } from '../ports/release-store.ts';
import { formatBytes, formatTable, formatTime, printable } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { packageLines } from './package-text.ts';
import { bytesOf, channelsOf } from './release-list.ts';
import { addArchitecture, RELEASE_ARGUMENT, type ReleaseOptions, releaseOf } from './release-shelf.ts';
import { type OpenSite, withState } from './site.ts';

interface ShowOptions extends ReleaseOptions {
  readonly packages?: true;
  readonly sbom?: true;
  readonly provenance?: true;
}

const MAX_DOCUMENT = 64 * 1024 * 1024;

/** `bivouac release show RELEASE`. */
export function releaseShowCommand(): Command {
  const command = new Command('show')
    .description('what a release is made of, stage by stage')
    .argument('<release>', RELEASE_ARGUMENT)
    .option('--packages', 'list what each stage did to the packages')
    .option('--sbom', 'print its bill of materials: SPDX 2.3 as JSON')
    .option('--provenance', 'print how it was made: an in-toto statement as JSON')
    .action((text: string, options: ShowOptions, caller: Command) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const stored = await releaseOf(text, options, state);
        if (options.sbom) print(await sbomOf(stored, state));
        else if (options.provenance) print(await provenanceOf(stored, state));
        else await show(stored, state, { json, packages: options.packages === true });
      }),
    );
  return addArchitecture(command);
}

async function show(
  stored: StoredRelease,
  { catalogue, releases }: OpenSite,
  { json, packages }: { readonly json: boolean; readonly packages: boolean },
): Promise<void> {
  const channels = channelsOf(stored, (await catalogue.current()).publications);
  const attestations = await releases.attestations(stored.digest);
  if (json) printJson({ ...stored, channels, attestations });
  else print(releaseLines(stored, { channels, attestations, packages }).join('\n'));
}

interface About {
  readonly channels: readonly string[];
  readonly attestations: readonly Attestation[];
  readonly packages: boolean;
}

function releaseLines(stored: StoredRelease, { channels, attestations, packages }: About): readonly string[] {
  const { digest, release, createdAt, pin } = stored;
  const facts: (readonly [string, string])[] = [
    ['release', digest],
    ['image', `${release.image} (${release.architecture})`],
    ['channels', channels.length === 0 ? 'none' : channels.join(', ')],
    ['made', `${createdAt === 0 ? 'at an unknown time' : formatTime(createdAt)} by ${release.builder}`],
    ['size', `${formatBytes(bytesOf(release))} to fetch`],
  ];
  if (release.output === 'netboot') {
    facts.push(['kernel', release.kernelVersion], ['command line', printable(release.cmdline.join(' '))]);
  }
  if (release.sbom !== undefined) facts.push(['sbom', release.sbom.digest]);
  for (const { digest: statement } of attestations) facts.push(['provenance', statement]);
  if (pin !== undefined)
    facts.push([
      'pinned',
      printable(pin.reason === '' ? `by ${pin.actor}` : `by ${pin.actor}: ${pin.reason}`),
    ]);
  const width = Math.max(...facts.map(([name]) => name.length));
  const heading = ['LAYER', 'IMAGE', 'STAGE', 'COMMIT', 'SIZE', 'PACKAGES'];
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    formatTable(heading, release.layers.map(layerRow)),
    ...(release.files.length === 0 ? [] : ['', fileTable(stored)]),
    ...(packages ? release.layers.flatMap(layerPackages) : []),
  ];
}

function layerRow({ digest, image, stage, commit, size, packages }: ReleaseLayer): string[] {
  return [
    shortDigest(digest),
    image,
    stage,
    commit === undefined ? '-' : commit.slice(0, 12),
    formatBytes(size),
    packages === undefined ? '-' : countsText(packages),
  ];
}

function fileTable({ release }: StoredRelease): string {
  const rows = release.files.map(({ name, digest, size }) => [name, shortDigest(digest), formatBytes(size)]);
  return formatTable(['FILE', 'DIGEST', 'SIZE'], rows);
}

function layerPackages({ image, stage, packages }: ReleaseLayer): readonly string[] {
  return packages === undefined ? [] : ['', `${image}: ${stage}`, ...packageLines(packages)];
}

/** `+12 -1 ~3`: added, removed, another version. */
function countsText({ added, removed, upgraded, omitted = 0 }: PackageDiff): string {
  const more = omitted === 0 ? '' : ` and ${omitted} more`;
  return `+${added.length} -${removed.length} ~${upgraded.length}${more}`;
}

async function sbomOf({ digest, release }: StoredRelease, { artefacts }: OpenSite): Promise<string> {
  if (release.sbom !== undefined) {
    return Buffer.from(await artefacts.readAll(release.sbom.digest, MAX_DOCUMENT)).toString('utf8');
  }
  throw new AppError('not-found', `Release "${shortDigest(digest)}" has no bill of materials`, {
    remedy: `It was made by an older version; build it anew: bivouac build ${release.image}`,
  });
}

/** The newest statement, out of its envelope; "release verify" checks who signed it. */
async function provenanceOf({ digest }: StoredRelease, { releases, artefacts }: OpenSite): Promise<string> {
  const [newest] = await releases.attestations(digest);
  if (newest === undefined) {
    throw new AppError('not-found', `Release "${shortDigest(digest)}" does not say how it was made`);
  }
  const text = Buffer.from(await artefacts.readAll(newest.digest, MAX_DOCUMENT)).toString('utf8');
  return Buffer.from(parseEnvelope(text).payload, 'base64').toString('utf8');
}
