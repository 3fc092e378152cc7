import { join } from 'node:path';
import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import { createLogger } from '../adapters/logger.ts';
import { openState } from '../adapters/state.ts';
import { LiveSite } from '../config/live-site.ts';
import { startDaemon } from '../daemon.ts';
import { type GlobalOptions, globalOptions, print } from './invocation.ts';
import { loadNamedSite, requireSite } from './site.ts';

/** The line on standard output that says that the server answers. */
export const READY = 'bivouac: ready';

/** `bivouac serve`: answer DHCP, TFTP and HTTP until a signal comes. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('answer DHCP, TFTP and HTTP, and run builds, until a signal comes; needs root')
    .action((_options, command: Command) => serve(globalOptions(command)));
}

async function serve(options: GlobalOptions): Promise<void> {
  const site = await requireSite(options);
  const live = new LiveSite(site, () => loadNamedSite(options));
  const logger = createLogger();
  const state = await openState(site.directories.data, () => live.current());
  const daemon = await startDaemon({ live, state, logger }).catch(async (error: unknown) => {
    await state.close();
    throw error;
  });
  const token = daemon.adminToken;
  // Requests under way have their time, and the rest has some more.
  const delay = site.web.grace + 15_000;
  // SIGHUP reloads the configuration (daemon.ts) and must end nothing.
  closeWithGrace({ delay, logger, skip: ['SIGHUP'] }, async ({ err }) => {
    if (err !== undefined) logger.fatal({ err }, 'something unforeseen failed: the server ends');
    await daemon.stop();
    await state.close();
  });
  if (token.isNew)
    print(
      `bivouac: admin token, shown this once, kept in ${join(site.directories.data, 'admin-token')}:\n${token.text}`,
    );
  const { address, http } = site.listen;
  print(`${READY}: DHCP, TFTP and HTTP on ${address}, web and API at http://${address}:${http}/`);
}
