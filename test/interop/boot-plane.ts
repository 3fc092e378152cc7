import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import { answerTftp, noteServed, readForTftp } from '../../src/boot/answer-tftp.ts';
import { Facts } from '../../src/boot/facts.ts';
import { Holds } from '../../src/boot/holds.ts';
import { OtherServers } from '../../src/boot/other-servers.ts';
import { Pools } from '../../src/boot/pools.ts';
import { ScriptShelf } from '../../src/boot/script-shelf.ts';
import { digestFromHex } from '../../src/core/artefact.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { STABLE } from '../../src/core/image.ts';
import { DhcpServer } from '../../src/servers/dhcp.ts';
import type { DatagramLogger } from '../../src/servers/quiet-log.ts';
import { TftpServer } from '../../src/servers/tftp/server.ts';
import {
  aCatalogue,
  aHost,
  anNbpRelease,
  aPublication,
  aSnapshot,
  digest,
  hostName,
  ip,
  mac,
} from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeCatalogueStore } from '../fakes/catalogue-store.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { FakeTokenStore } from '../fakes/token-store.ts';

/**
 * The boot plane without disk and HTTP, as a program for a network namespace:
 * `node boot-plane.ts <folder with NBPs> <MAC with reserved address>=<address>,… [MAC without one …]`.
 * Prints one JSON line for each log line; ends on SIGTERM.
 */
const [folder = '.', reserved = '', ...others] = process.argv.slice(2);

const contents = new Map(
  readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
);
const digests = new Map(
  [...contents].map(([name, bytes]) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    return [name, digestFromHex(hex) ?? digest()];
  }),
);
const nbps = anNbpRelease({
  files: [...contents].map(([name, bytes]) => ({
    name,
    digest: digests.get(name) ?? digest(),
    size: bytes.length,
  })),
});
const hosts = [...reserved.split(',').filter((each) => each !== ''), ...others].map((entry, index) => {
  const [address, macAddress] = entry.split('=').reverse();
  const { address: _, ...host } = aHost({ name: hostName(`host${index}`) });
  if (macAddress === undefined) return { ...host, macs: [mac(address)] as const };
  return { ...host, macs: [mac(macAddress)] as const, address: ip(address ?? '') };
});
const snapshots = new FakeSnapshotSource(
  aSnapshot({
    hosts,
    catalogue: aCatalogue([aPublication({ image: NBP_IMAGE, channel: STABLE, release: nbps })]),
  }),
);

const print = (level: string) => (fields: unknown, message?: unknown) => {
  console.log(JSON.stringify({ at: Date.now(), level, message, fields }));
};
const logger: DatagramLogger = {
  debug: print('debug'),
  info: print('info'),
  warn: print('warn'),
  error: print('error'),
};
const clock = { now: () => Date.now() };
const recorder = new FakeBootRecorder();
const facts = new Facts({ recorder, clock, onError: print('error') });
const leases = new FakeLeaseStore();
const world = { snapshots, leases, facts, clock };
const artefacts = new FakeArtefactStore();
for (const bytes of contents.values()) await artefacts.putBytes(bytes);
const tftpWorld = {
  ...world,
  artefacts,
  recorder,
  tokens: new FakeTokenStore(),
  catalogue: new FakeCatalogueStore(),
  envs: new ScriptShelf<Uint8Array>(),
  loaderTemplate: () => Promise.resolve(undefined),
  onError: print('error'),
};
const address = ip('10.77.0.1');
const holds = new Holds();
const otherServers = new OtherServers();
const dhcpWorld = {
  ...world,
  holds,
  others: otherServers,
  pools: new Pools({ leases: world.leases, holds }),
};
const listeners = () => [{ address, isDirect: true, isProxy: false }];
const dhcp = new DhcpServer({ listeners, logger, answer: (request) => answerDhcp(request, dhcpWorld) });
const tftp = new TftpServer({
  addresses: [address],
  engine: process.env['TFTP_ENGINE'] === 'dgram' ? 'dgram' : 'auto',
  ports: process.env['TFTP_PORTS'] === 'per-transfer' ? 'per-transfer' : 'single',
  logger,
  answer: (ask) => answerTftp(ask, tftpWorld),
  read: (part) => readForTftp(part, tftpWorld),
  served: (file) => noteServed(file, tftpWorld),
});
await dhcp.start();
await tftp.start();
print('info')({}, 'ready');
process.once('SIGTERM', () => {
  void Promise.all([dhcp.stop(), tftp.stop()])
    .then(() => facts.settled())
    .then(() => print('info')({ facts: recorder.records, leases: leases.list() }, 'record'));
});
