import { Command } from 'commander';
import { verifyCommand } from './release-verify.ts';

/** `bivouac release …`. */
export function releaseCommand(): Command {
  const release = new Command('release').description('published releases');
  release.addCommand(verifyCommand());
  return release;
}
