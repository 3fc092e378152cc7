import { createInterface } from 'node:readline';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import { parseRange, parseSubnet } from '../../src/core/address.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import type { ServedSubnet, SubnetMode } from '../../src/core/subnet.ts';
import type { Snapshot } from '../../src/ports/snapshot.ts';
import { DhcpServer } from '../../src/servers/dhcp.ts';
import { dhcpListeners } from '../../src/servers/dhcp-listeners.ts';
import {
  aCatalogue,
  aHost,
  anNbpRelease,
  aPolicy,
  aPublication,
  aSnapshot,
  aSubnet,
  imageName,
  ip,
} from '../builders.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { logger, planeWorld, print } from './plane.ts';

/** A subnet as a test gives it; what is left out is as in the builder. */
export interface PlaneSubnet {
  readonly subnet: string;
  readonly server: string;
  readonly pool?: string;
  readonly mode?: SubnetMode;
  readonly relays?: readonly string[];
}

/**
 * The DHCP side alone, as a program for a network namespace: `node dhcp-plane.ts '[{"subnet": …}, …]'`. Anyone gets an
 * address. Each line of its input is another list of subnets, in force from then on. Prints one JSON line for each log
 * line; ends on SIGTERM.
 */
const snapshots = new FakeSnapshotSource(snapshotOf(process.argv[2] ?? '[]'));
createInterface(process.stdin).on('line', (line) => {
  snapshots.snapshot = snapshotOf(line);
  void dhcp.check().then(() => print('info')({}, 'followed'));
});

const world = planeWorld(snapshots);
const dhcp = new DhcpServer({
  listeners: () => dhcpListeners(snapshots.snapshot.policy),
  logger,
  answer: (request) => answerDhcp(request, world),
});
await dhcp.start();
print('info')({}, 'ready');
process.once('SIGTERM', () => {
  print('info')({ leases: world.leases.list() }, 'record');
  process.stdin.destroy();
  void dhcp.stop();
});

function snapshotOf(json: string): Snapshot {
  const given = JSON.parse(json) as readonly PlaneSubnet[];
  const [first, ...rest] = given.map(subnetOf);
  if (first === undefined) throw new Error('Cannot serve DHCP: there is no subnet');
  const { channel } = aHost();
  const unknownHosts = { kind: 'image', image: imageName('web'), channel } as const;
  return aSnapshot({
    hosts: [],
    policy: aPolicy({ subnets: [first, ...rest], unknownHosts }),
    catalogue: aCatalogue([aPublication({ image: NBP_IMAGE, release: anNbpRelease() })]),
  });
}

function subnetOf({ subnet, server, pool, mode = 'full', relays = [] }: PlaneSubnet): ServedSubnet {
  const { pool: _, router: __, ...served } = aSubnet();
  const range = pool === undefined ? undefined : parseRange(pool);
  const parsed = parseSubnet(subnet);
  if (parsed === undefined) throw new Error(`Cannot serve DHCP: "${subnet}" is no subnet`);
  return {
    ...served,
    subnet: parsed,
    mode,
    serverAddress: ip(server),
    relays: relays.map(ip),
    ...(range && { pool: range }),
  };
}
