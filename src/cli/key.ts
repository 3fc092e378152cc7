import { Command } from 'commander';
import { releaseVerdict } from '../boot/sign-manifest.ts';
import { signRelease } from '../build/sign-release.ts';
import { countersignProvenance } from '../build/verify/countersign.ts';
import type { Publication } from '../core/catalogue.ts';
import { AppError } from '../core/errors.ts';
import { formatTable, formatTime } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

/** `bivouac key list`, `rotate`, `retire ID`. */
export function keyCommand(): Command {
  const key = new Command('key').description('keys that sign manifests and releases');
  key.addCommand(listCommand());
  key.addCommand(rotateCommand());
  key.addCommand(retireCommand());
  return key;
}

function listCommand(): Command {
  return new Command('list')
    .description('all keys, newest first; the first one signs')
    .action((_options, command: Command) =>
      withState(globalOptions(command), async ({ signingKeys, catalogue }, { json }) => {
        const { publications } = await catalogue.current();
        const keys = (await signingKeys.trusted()).map((each, index) => ({
          ...each,
          signs: index === 0,
          believedBy: publications.filter((entry) => believes(entry, each.keyId)).map(placeOf),
        }));
        if (json) return printJson(keys);
        const rows = keys.map(({ keyId, signs, createdAt, believedBy }) => [
          keyId,
          signs ? 'signs' : 'older releases',
          formatTime(createdAt),
          believedBy.join(' ') || '-',
        ]);
        print(formatTable(['KEY', 'USE', 'MADE', 'BELIEVED BY'], rows));
      }),
    );
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('make a new key; releases built from now on believe it')
    .action((_options, command: Command) =>
      withState(globalOptions(command), async ({ signingKeys }, { json }) => {
        const keyId = await signingKeys.rotate();
        if (json) return printJson({ keyId });
        print(`Key "${keyId}" signs from now on, for each release whose initramfs believes it`);
        print('Build the images anew; then "bivouac key retire" the older key');
      }),
    );
}

function retireCommand(): Command {
  return new Command('retire')
    .description('destroy a key that does not sign any more')
    .argument('<key>', 'id of the key')
    .option('--force', 'also while a published release believes no other key: its hosts will not boot')
    .action((keyId: string, options: { force?: boolean }, command: Command) =>
      withState(globalOptions(command), async (state, { json }) => {
        if (options.force !== true) await requireUnneeded(keyId, state);
        const { signingKeys: keys } = state;
        const resigned = await resign(keyId, state);
        await keys.retire(keyId);
        if (json) printJson({ keyId, resigned });
        else print(`Key "${keyId}" is gone; ${resigned} of its releases are signed by the newest key`);
      }),
    );
}

async function requireUnneeded(keyId: string, { catalogue, signingKeys }: OpenSite): Promise<void> {
  const others = (await signingKeys.trusted()).map((each) => each.keyId).filter((id) => id !== keyId);
  const { publications } = await catalogue.current();
  const needing = publications.filter(
    (entry) => believes(entry, keyId) && !others.some((other) => believes(entry, other)),
  );
  if (needing.length === 0) return;
  const reason = `${needing.map(placeOf).join(', ')} believes no other key`;
  throw new AppError('conflict', `Cannot retire key "${keyId}": ${reason}`, {
    remedy: 'Build these images anew first, or use --force: their hosts then do not boot until it is done',
  });
}

/** What the key signed, and signed well, is signed by the newest key before it goes: releases, and how they were made. */
async function resign(keyId: string, state: OpenSite): Promise<number> {
  const { signingKeys: keys, signatures, releases, artefacts } = state;
  const [newest] = await keys.trusted();
  if (newest?.keyId === keyId) return 0;
  const signed = await signatures.by(keyId);
  for (const { digest } of signed) {
    const verdict = await releaseVerdict(digest, { keys, signatures });
    if (verdict.kind === 'signed') await signRelease(digest, { keys, signatures });
    await countersignProvenance(digest, { keys, releases, artefacts });
  }
  return signed.length;
}

function believes({ release }: Publication, keyId: string): boolean {
  return release.output === 'netboot' && (release.keys ?? []).includes(keyId);
}

function placeOf({ image, channel }: Publication): string {
  return `${image}/${channel}`;
}
