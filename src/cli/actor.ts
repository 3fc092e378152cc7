import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Note } from '../core/channel.ts';

/** Add the option that says why. */
export function addReason(command: Command): Command {
  return command.option('--reason <text>', 'why, for the history');
}

/** Who gives a command, and the reason given; who became root by sudo is named. */
export function noteOf({ reason }: { readonly reason?: string }): Note {
  const user = process.env['SUDO_USER'] ?? userInfo().username;
  return { actor: user, reason: (reason ?? '').slice(0, 500) };
}
