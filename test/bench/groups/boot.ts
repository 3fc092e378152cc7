import { Bench } from '../arena/bench.ts';
import { CACHE, openToolbox } from '../arena/toolbox.ts';
import type { BenchCase } from '../harness.ts';
import { dhcpCases } from '../rows/dhcp.ts';
import { httpCases } from '../rows/http.ts';
import { scriptCase } from '../rows/script.ts';
import { stormCases, stormProblem } from '../rows/storm.ts';
import { tftpCases } from '../rows/tftp.ts';
import type { BenchGroup } from './group.ts';

/** The boot plane beside its peers: TFTP, HTTP, DHCP, boot storms. */
export const bootGroup: BenchGroup = {
  name: 'boot',
  rounds: 3,
  open: async ({ tell, signal }) => {
    const tools = await openToolbox(tell);
    let opened: Bench | undefined;
    const bench = (): Bench => {
      if (opened === undefined) throw new Error('The bench is not ready');
      return opened;
    };
    const cases = [
      ...tftpCases(tools, bench),
      ...httpCases(tools, bench),
      scriptCase(tools, bench),
      ...dhcpCases(tools, bench),
      ...stormCases({ problem: await stormProblem(), folder: CACHE, signal }),
    ];
    return {
      cases: process.getuid?.() === 0 ? cases : cases.map(withoutRoot),
      peers: tools.versions(),
      prepare: async () => {
        tell('Making the network and the site of the bench');
        opened = await Bench.open(CACHE, tools, signal);
      },
      close: async () => opened?.close(),
    };
  },
};

function withoutRoot(one: BenchCase): BenchCase {
  return { ...one, skip: 'needs root, for network namespaces' };
}
