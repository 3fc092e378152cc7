import { dirname } from 'node:path/posix';
import { Command } from 'commander';
import { compareReleases, type ListedChange, type ReleaseDiff } from '../build/contents/compare.ts';
import type { EntryFacts, Origin } from '../build/contents/origin.ts';
import { type PathOrigin, whoWrote } from '../build/contents/who.ts';
import { shortDigest } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import { formatBytes, formatTable, printable } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { packageLines } from './package-text.ts';
import {
  addArchitecture,
  RELEASE_ARGUMENT,
  type ReleaseOptions,
  readLimit,
  releaseOf,
} from './release-shelf.ts';
import { withState } from './site.ts';

const DEFAULT_LIMIT = 200;
const MAX_NAMES = 6;

/** `bivouac release diff A B`. */
export function releaseDiffCommand(): Command {
  const command = new Command('diff')
    .description('what two releases differ in: packages, files, bytes to fetch')
    .argument('<from>', RELEASE_ARGUMENT)
    .argument('<to>', RELEASE_ARGUMENT)
    .option('--limit <number>', `how many files to list; 0 for all (default: ${DEFAULT_LIMIT})`, readLimit)
    .action(
      (...[from, to, options, caller]: [string, string, ReleaseOptions & { limit?: number }, Command]) =>
        withState(globalOptions(caller), async (state, { json }) => {
          const pair = [await releaseOf(from, options, state), await releaseOf(to, options, state)] as const;
          const world = { artefacts: state.artefacts, files: state.layerFiles };
          const diff = await compareReleases(pair, world, options.limit ?? DEFAULT_LIMIT);
          if (json) printJson(diff);
          else print(diffLines(diff).join('\n'));
        }),
    );
  return addArchitecture(command);
}

/** `bivouac release who RELEASE PATH`. */
export function releaseWhoCommand(): Command {
  const command = new Command('who')
    .description('which stage, commit and package wrote a path')
    .argument('<release>', RELEASE_ARGUMENT)
    .argument('<path>', 'absolute path in the root; symbolic links above its last part are followed')
    .action((...[text, path, options, caller]: [string, string, ReleaseOptions, Command]) =>
      withState(globalOptions(caller), async (state, { json }) => {
        const { digest, release } = await releaseOf(text, options, state);
        const origin = await whoWrote(release, path, state.layerFiles);
        if (json) printJson({ release: digest, ...origin });
        else if (origin.state !== 'absent') print(whoLines(origin).join('\n'));
        if (origin.state !== 'absent') return;
        const reason = `no layer of it has "${origin.resolved}"`;
        throw new AppError(
          'not-found',
          `Cannot find "${path}" in release "${shortDigest(digest)}": ${reason}`,
          { remedy: `What is above it: bivouac release who ${text} ${dirname(origin.resolved)}` },
        );
      }),
    );
  return addArchitecture(command);
}

function diffLines({ from, to, fetch, packages, files }: ReleaseDiff): readonly string[] {
  const listed = packageLines(packages);
  const left = files.added + files.removed + files.changed - files.listed.length;
  return [
    `${shortDigest(from)} → ${shortDigest(to)}`,
    `A host that has the first fetches ${formatBytes(fetch.bytes)} in ${fetch.artefacts.length} ${fetch.artefacts.length === 1 ? 'file' : 'files'}`,
    '',
    listed.length === 0 ? 'Packages are the same' : 'Packages',
    ...listed,
    '',
    files.listed.length === 0 && left === 0
      ? 'Files are the same'
      : `Files: ${files.added} added, ${files.removed} removed, ${files.changed} changed`,
    ...(files.listed.length === 0
      ? []
      : [formatTable(['', 'PATH', 'WHAT', 'BY'], files.listed.map(changeRow))]),
    ...(left === 0 ? [] : [`and ${left} more; --limit 0 lists all`]),
  ];
}

const SIGN = { added: '+', removed: '-', changed: '~' } as const;

function changeRow(change: ListedChange): string[] {
  return [SIGN[change.change], printable(change.path), printable(whatText(change)), originText(change.by)];
}

function whatText({ change, what = [], before, after }: ListedChange): string {
  if (change === 'added') return after === undefined ? '' : entryText(after);
  if (change === 'removed') return before === undefined ? '' : entryText(before);
  const texts = what.flatMap((aspect): readonly string[] => {
    switch (aspect) {
      case 'content':
        return what.includes('size') ? [] : ['content'];
      case 'size':
        return [`size ${before?.size ?? '?'} → ${after?.size ?? '?'}`];
      case 'mode':
        return [`mode ${before?.mode} → ${after?.mode}`];
      case 'owner':
        return [`owner ${before?.owner} → ${after?.owner}`];
      case 'kind':
        return [`${before?.kind} → ${after?.kind}`];
      case 'target':
        return [`target ${before?.target} → ${after?.target}`];
      case 'attributes':
        return ['attributes'];
    }
  });
  return texts.join(', ');
}

function whoLines(origin: PathOrigin): readonly string[] {
  const { path, resolved, state, entry, by, packages, earlier } = origin;
  const verb = state === 'deleted' ? 'deleted by' : 'written by';
  const names = packages.slice(0, MAX_NAMES).join(', ');
  const more = packages.length > MAX_NAMES ? ` and ${packages.length - MAX_NAMES} more` : '';
  return [
    ...(resolved === path ? [] : [`${path} is ${resolved}`]),
    `${resolved}  ${entry === undefined ? '' : entryText(entry)}`,
    `  ${verb} ${originText(by)}`,
    ...(by?.commit === undefined ? [] : [`  commit ${by.commit}`]),
    ...(packages.length === 0 ? [] : [`  package ${names}${more}`]),
    ...earlier.map((one) => `  before: ${originText(one.by)}  ${entryText(one.entry)}`),
  ].map(printable);
}

function entryText({ kind, mode, owner, size, target }: EntryFacts): string {
  const detail = size === undefined ? (target === undefined ? '' : ` → ${target}`) : ` ${formatBytes(size)}`;
  return `${kind} ${mode} ${owner}${detail}`;
}

/** `web: nginx.sh (layer 3, sha256:0123…)`. */
function originText(by: Origin | undefined): string {
  return by === undefined ? '-' : `${by.image}: ${by.stage} (layer ${by.number}, ${shortDigest(by.layer)})`;
}
