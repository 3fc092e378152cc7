import { createHash } from 'node:crypto';
import type { Ipv4, Mac } from '../../core/address.ts';
import type { StormCard } from '../../ports/storm-card.ts';
import { DhcpDialogue, type StormLease } from './dhcp-dialogue.ts';
import type { DhcpSpeaker } from './dhcp-messages.ts';
import { fetchFile, IPXE_MANNER } from './fetch.ts';
import { liveRoot } from './live-root.ts';
import type { StormHost } from './plan.ts';
import type { HostRecord, Mark } from './record.ts';
import { STORM_NBP } from './site-files.ts';
import { BootStop } from './stop.ts';
import { readScript } from './texts.ts';
import { TftpDialogue, type TftpFetch, type TftpOutcome } from './tftp-dialogue.ts';

/** A simulated host while it boots. */
export interface Booting {
  readonly host: StormHost;
  readonly card: StormCard;
  readonly record: HostRecord;
  readonly files: StormFiles;
  /** Who has which address, of all hosts. */
  readonly leased: Map<Ipv4, Mac>;
  /** Compare the SHA-256 of all files; else of the small ones only. */
  readonly hashes: boolean;
  readonly random: () => number;
  /** Milliseconds on the card's clock at which it was switched on. */
  readonly since: number;
}

/** What the files of the storm's releases have to be; sizes in bytes. */
export interface StormFiles {
  readonly nbp: { readonly size: number; readonly sha256: string };
  readonly kernel: number;
  readonly initramfs: number;
}

/** EDK2's waits for an answer to DISCOVER or REQUEST; iPXE begins at 1 s and has ten for its last; `udhcpc -t 8 -T 2`. */
const WAITS = {
  firmware: [4000, 8000, 16_000, 32_000],
  ipxe: [1000, 2000, 4000, 8000, 10_000],
  initramfs: Array.from({ length: 8 }, () => 2000),
};
/** A host whose firmware gave up tries its boot order again; after so many times a person would look. */
const MOST_ROUNDS = 6;
const ROUND_PAUSE = 5000;

/** One host from switching on to healthy or failed; all that happens is in its record. Never rejects. */
export async function bootHost(booting: Booting): Promise<void> {
  const { card, record } = booting;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    try {
      await firmware(booting);
      await ipxe(booting);
      record.phase = 'healthy';
      record.fault = undefined;
      return;
    } catch (error) {
      if (!(error instanceof BootStop)) throw error;
      record.addFault(error.message);
      if (error.after === 'for good') break;
      record.counts.restarts += 1;
      await card.pause(ROUND_PAUSE);
    }
  }
  record.phase = 'failed';
}

async function firmware(booting: Booting): Promise<void> {
  const { host, record, files, hashes } = booting;
  const { nbp } = files;
  record.phase = 'dhcp';
  const lease = await askAddress(booting, host.firmware, WAITS.firmware);
  const wanted = STORM_NBP[host.firmware];
  if (lease.bootfile !== wanted) {
    throw new BootStop(`firmware DHCP: boot file is "${lease.bootfile}", wanted "${wanted}"`, 'for good');
  }
  record.phase = 'nbp';
  if (host.firmware === 'uefi') await probeSize(booting, wanted);
  const hash = createHash('sha256');
  const options = host.firmware === 'uefi' ? UEFI_OPTIONS : BIOS_OPTIONS;
  const take = (data: Uint8Array): void => void hash.update(data);
  const { received } = await transfer(booting, { file: wanted, options, ...(hashes ? { take } : {}) });
  record.counts.files += 1;
  if (hashes) record.counts.hashed += 1;
  if (received !== nbp.size || (hashes && hash.digest('hex') !== nbp.sha256)) {
    throw new BootStop(`NBP: got another file, ${received} of ${nbp.size} bytes`, 'for good');
  }
  mark(booting, 'nbp');
}

/** iPXE 1.21 asks for blocks of 1432; EDK2 asks for the size first, then for 1468 in windows of four. */
const BIOS_OPTIONS = new Map([
  ['blksize', '1432'],
  ['tsize', '0'],
]);
const UEFI_OPTIONS = new Map([
  ['blksize', '1468'],
  ['windowsize', '4'],
]);

async function probeSize(booting: Booting, file: string): Promise<void> {
  const options = new Map([['tsize', '0'], ...UEFI_OPTIONS]);
  const { size } = await transfer(booting, { file, options, sizeOnly: true });
  if (size === booting.files.nbp.size) return;
  throw new BootStop(`NBP: its size is ${size ?? 'not told'}, wanted ${booting.files.nbp.size}`, 'for good');
}

async function transfer({ card, record }: Booting, fetch: TftpFetch): Promise<TftpOutcome> {
  const outcome = await card.tftp(new TftpDialogue(fetch));
  record.counts.tftpBytes += outcome.bytes;
  record.counts.tftpRetries += outcome.retries;
  if (outcome.fault !== undefined) throw new BootStop(`NBP: ${outcome.fault}`, 'again');
  return outcome;
}

async function ipxe(booting: Booting): Promise<void> {
  const { host, record, hashes } = booting;
  record.phase = 'ipxe';
  const speaker = host.firmware === 'uefi' ? 'ipxe-uefi' : 'ipxe-bios';
  const { bootfile } = await askAddress(booting, speaker, WAITS.ipxe);
  if (!bootfile.startsWith('http://')) {
    throw new BootStop(`iPXE DHCP: boot file is "${bootfile}", wanted a URL`, 'for good');
  }
  const script = await fetchFile(booting, { what: 'boot script', url: bootfile, keep: true }, IPXE_MANNER);
  const orders = readScript(script);
  mark(booting, 'script');
  record.phase = 'kernel';
  for (const what of ['kernel', 'initramfs'] as const) {
    const url = orders[what];
    const sha256 = /\/sha256\/([0-9a-f]{64})$/.exec(url)?.[1];
    const check = hashes && sha256 !== undefined ? { sha256 } : {};
    await fetchFile(booting, { what, url, size: booting.files[what], ...check }, IPXE_MANNER);
  }
  const url = orders.environment;
  const environment = await fetchFile(booting, { what: 'boot.env', url, keep: true }, IPXE_MANNER);
  record.phase = 'live-root';
  await liveRoot(booting, environment, {
    askAddress: () => askAddress(booting, 'initramfs', WAITS.initramfs),
    mark: (reached) => mark(booting, reached),
  });
}

async function askAddress(
  booting: Booting,
  speaker: DhcpSpeaker,
  waits: readonly number[],
): Promise<StormLease> {
  const { host, card, record, random } = booting;
  const outcome = await card.dhcp(host.mac, new DhcpDialogue({ mac: host.mac, speaker, waits, random }));
  record.addDhcp(outcome);
  const { lease, fault } = outcome;
  if (lease === undefined) throw new BootStop(`DHCP of ${speaker}: ${fault ?? 'no lease'}`, 'again');
  if (host.address !== undefined && host.address !== lease.address) {
    const reason = `got ${lease.address}, reserved is ${host.address}`;
    throw new BootStop(`DHCP of ${speaker}: ${reason}`, 'for good');
  }
  await claim(booting, lease.address);
  return lease;
}

async function claim({ host, card, leased }: Booting, address: Ipv4): Promise<void> {
  const holder = leased.get(address);
  if (holder !== undefined && holder !== host.mac) {
    throw new BootStop(`DHCP: ${address} was leased to ${holder} as well`, 'for good');
  }
  leased.set(address, host.mac);
  await card.claim(address);
}

function mark({ card, record, since }: Booting, reached: Mark): void {
  record.marks[reached] = card.now() - since;
}
