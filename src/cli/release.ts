import { Command } from 'commander';
import { releaseDiffCommand, releaseWhoCommand } from './release-diff.ts';
import { releaseListCommand, releasePinCommand } from './release-list.ts';
import { releaseShowCommand } from './release-show.ts';
import { verifyCommand } from './release-verify.ts';

/** `bivouac release …`. */
export function releaseCommand(): Command {
  const release = new Command('release').description('releases: what they hold and how they differ');
  const commands = [
    releaseListCommand(),
    releaseShowCommand(),
    releaseDiffCommand(),
    releaseWhoCommand(),
    releasePinCommand('pin'),
    releasePinCommand('unpin'),
    verifyCommand(),
  ];
  for (const command of commands) release.addCommand(command);
  return release;
}
