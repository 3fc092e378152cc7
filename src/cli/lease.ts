import { Command } from 'commander';
import { formatTable, formatTime } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac lease list`. */
export function leaseCommand(): Command {
  const lease = new Command('lease').description('addresses given out');
  lease.addCommand(
    new Command('list').description('all leases').action((_options, command: Command) =>
      withState(globalOptions(command), ({ leases }, { json }) => {
        const all = [...leases.list()].sort((a, b) => a.expiresAt - b.expiresAt);
        const rows = all.map((one) => [one.address, one.mac, one.state, formatTime(one.expiresAt)]);
        if (json) printJson(all);
        else print(formatTable(['ADDRESS', 'MAC', 'STATE', 'EXPIRES'], rows));
      }),
    ),
  );
  return lease;
}
