import { createHash } from 'node:crypto';
import { bootEnvironment } from '../../../src/boot/script.ts';
import { type Booting, bootHost } from '../../../src/lab/storm/boot.ts';
import type { StormHost } from '../../../src/lab/storm/plan.ts';
import { HostRecord } from '../../../src/lab/storm/record.ts';
import type { CardRequest } from '../../../src/ports/storm-card.ts';
import { messageType, OPTION } from '../../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../../src/wire/dhcp/packet.ts';
import { digest, ip, mac } from '../../builders.ts';
import { dhcpReply, type FakeBootServer, type FakeReply, FakeStormCard } from '../../fakes/storm-card.ts';

export const ADDRESS = ip('10.91.1.0');
export const SERVER = ip('10.91.0.1');
const BASE = `http://${SERVER}`;
const RELEASE = digest('d');

/** Some bytes, and their hash in hexadecimal. */
export function content(length: number): { readonly bytes: Buffer; readonly sha256: string } {
  const bytes = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255));
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export const NBP = content(10_000);
export const KERNEL = content(3000);
export const LAYER = content(5000);
export const CONFFS = content(700);

export function aStormHost(given: Partial<StormHost> = {}): StormHost {
  return { name: 'storm-00001', mac: mac(), firmware: 'uefi', address: ADDRESS, start: 0, ...given };
}

/** A server at which every host gets healthy; what a test gives replaces its part. */
export function aBootServer(given: Partial<FakeBootServer> = {}): FakeBootServer {
  return {
    dhcp: (packet) => answerDhcp(packet),
    files: new Map([
      ['snponly.efi', NBP.bytes],
      ['undionly.kpxe', NBP.bytes],
    ]),
    http: answerHttp,
    ...given,
  };
}

export function answerDhcp(packet: DhcpPacket, address = ADDRESS): DhcpPacket {
  const type = messageType(packet.options) === 'DISCOVER' ? 'OFFER' : 'ACK';
  const isUefi = packet.options.get(OPTION.clientArchitecture)?.[1] === 7;
  const isIpxe = packet.options.has(OPTION.etherboot);
  const nbp = isUefi ? 'snponly.efi' : 'undionly.kpxe';
  const bootfile = isIpxe ? `${BASE}/boot/script/x` : nbp;
  return dhcpReply(packet, { type, address, server: SERVER, bootfile });
}

export function answerHttp({ url, headers }: CardRequest): FakeReply {
  const status = headers['range'] === undefined ? 200 : 206;
  switch (url.slice(BASE.length).split('?', 1)[0]) {
    case '/boot/script/x':
      return { status, body: script() };
    case '/boot/env': {
      const env = { base: BASE, token: 'secret', host: 'storm-00001', boot: 'b1' as never, release: RELEASE };
      return { status, body: bootEnvironment(env) };
    }
    case `/artefacts/sha256/${KERNEL.sha256}`:
      return { status, body: KERNEL.bytes };
    case '/boot/manifest':
      return { status, body: manifest() };
    case `/artefacts/sha256/${LAYER.sha256}`:
      return { status, body: LAYER.bytes };
    case '/boot/conffs':
      return { status, body: CONFFS.bytes };
    case '/boot/events':
      return { status: 204 };
    default:
      return { status: 404, body: 'nothing here' };
  }
}

/** Boot one host and give back all there is to look at. */
export async function boot(
  server: FakeBootServer,
  given: Partial<Booting> & { readonly loses?: () => boolean } = {},
) {
  const { loses, ...rest } = given;
  const card = new FakeStormCard(server, loses);
  const host = aStormHost();
  const record = new HostRecord(host.name);
  const files = {
    nbp: { size: NBP.bytes.length, sha256: NBP.sha256 },
    kernel: KERNEL.bytes.length,
    initramfs: KERNEL.bytes.length,
  };
  const leased: Booting['leased'] = new Map();
  const booting = { host, card, record, files, leased, hashes: true, random: seeded(7), since: 0, ...rest };
  await bootHost(booting);
  return { record, card, leased };
}

/** Random numbers that are the same in every run (a linear congruential generator). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

function script(): string {
  const kernel = `${BASE}/artefacts/sha256/${KERNEL.sha256}`;
  return [
    '#!ipxe',
    `kernel --name kernel ${kernel} console=ttyS0 || goto again`,
    `initrd --name initramfs ${kernel} || goto again`,
    `initrd --name boot.env ${BASE}/boot/env?token=secret /etc/bivouac/boot.env mode=0400 || goto again`,
    '',
  ].join('\n');
}

function manifest(): string {
  return [
    'bivouac-manifest 1',
    'host storm-00001',
    'boot b1',
    'image web',
    `release ${RELEASE}`,
    'kernel-version 6.12.0-storm',
    `layer sha256:${LAYER.sha256} ${LAYER.bytes.length} ${BASE}/artefacts/sha256/${LAYER.sha256}`,
    `conffs sha256:${CONFFS.sha256} ${CONFFS.bytes.length} ${BASE}/boot/conffs`,
    'end',
    '',
  ].join('\n');
}
