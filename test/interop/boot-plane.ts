import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import { answerTftp, NbpCache, noteServed } from '../../src/boot/answer-tftp.ts';
import { Facts } from '../../src/boot/facts.ts';
import { Holds } from '../../src/boot/holds.ts';
import { digestFromHex } from '../../src/core/artefact.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { STABLE } from '../../src/core/image.ts';
import { DhcpServer } from '../../src/servers/dhcp.ts';
import type { DatagramLogger } from '../../src/servers/quiet-log.ts';
import { TftpServer } from '../../src/servers/tftp.ts';
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
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';

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
const artefacts = {
  readAll: (wanted: string) => {
    const name = [...digests].find(([, each]) => each === wanted)?.[0] ?? '';
    return Promise.resolve(contents.get(name) ?? new Uint8Array());
  },
};
const tftpWorld = { ...world, artefacts, nbps: new NbpCache() };
const address = ip('10.77.0.1');
const dhcpWorld = { ...world, holds: new Holds() };
const dhcp = new DhcpServer({ address, logger, answer: (request) => answerDhcp(request, dhcpWorld) });
const tftp = new TftpServer({
  address,
  logger,
  answer: (file) => answerTftp(file, tftpWorld),
  served: (file) => noteServed(file, tftpWorld),
});
await dhcp.start();
await tftp.start();
print('info')({}, 'ready');
process.once('SIGTERM', () => {
  print('info')({ facts: recorder.records, leases: leases.list() }, 'record');
  void Promise.all([dhcp.stop(), tftp.stop()]);
});
