import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import { answerTftp, noteServed, readForTftp } from '../../src/boot/answer-tftp.ts';
import { ScriptShelf } from '../../src/boot/script-shelf.ts';
import { digestFromHex } from '../../src/core/artefact.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { STABLE } from '../../src/core/image.ts';
import { DhcpServer } from '../../src/servers/dhcp.ts';
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
import { FakeCatalogueStore } from '../fakes/catalogue-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { FakeTokenStore } from '../fakes/token-store.ts';
import { logger, planeWorld, print } from './plane.ts';

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

const world = planeWorld(snapshots);
const artefacts = new FakeArtefactStore();
for (const bytes of contents.values()) await artefacts.putBytes(bytes);
const tftpWorld = {
  ...world,
  artefacts,
  tokens: new FakeTokenStore(),
  catalogue: new FakeCatalogueStore(),
  envs: new ScriptShelf<Uint8Array>(),
  loaderTemplate: () => Promise.resolve(undefined),
  onError: print('error'),
};
const address = ip('10.77.0.1');
const listeners = () => [{ address, isDirect: true, isProxy: false }];
const dhcp = new DhcpServer({ listeners, logger, answer: (request) => answerDhcp(request, world) });
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
    .then(() => world.facts.settled())
    .then(() => print('info')({ facts: world.recorder.records, leases: world.leases.list() }, 'record'));
});
