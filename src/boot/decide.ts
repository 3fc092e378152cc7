import { macWithDashes } from '../core/address.ts';
import type { ClientArchitecture, Cpu, Firmware } from '../core/arch.ts';
import { type Catalogue, NBP_IMAGE, publishedNbps } from '../core/catalogue.ts';
import type { Host } from '../core/host.ts';
import { STABLE } from '../core/image.ts';
import type { Workarounds } from '../core/quirk.ts';
import type { Client } from './identify.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { Trace } from './trace.ts';

/** What a client is to boot. `ignore` says why it gets no answer at all. */
export type BootDecision =
  /** A running system: network settings, nothing to boot. */
  | { readonly kind: 'address-only' }
  /** Firmware: this file of the image `nbp`, by TFTP. */
  | { readonly kind: 'nbp'; readonly file: string; readonly firmware: Firmware }
  /** Firmware that boots by HTTP: its NBP's URL. */
  | { readonly kind: 'nbp-url'; readonly url: string; readonly firmware: Firmware }
  /** A Raspberry Pi: it knows the names of its files, and fetches them by TFTP. */
  | { readonly kind: 'own-files' }
  /** iPXE: its boot script, by HTTP. */
  | { readonly kind: 'script'; readonly url: string }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason };

/** What a decision is made from, besides the client. */
export interface BootChoice {
  readonly catalogue: Catalogue;
  /** Base of all URLs, without a trailing slash. */
  readonly baseUrl: string;
  readonly host?: Pick<Host, 'bootfile'>;
  readonly workarounds?: Workarounds;
  readonly trace?: Trace | undefined;
}

type FirmwareClient = Client & { readonly stage: 'firmware' };

/**
 * NBPs by CPU and firmware, the best first. `snponly.efi` and `undionly.kpxe` drive the card by the firmware's own
 * driver, so they work on every card that the firmware booted from. U-Boot starts UEFI programs as well.
 */
const NBPS: Partial<Record<Cpu, Partial<Record<Firmware, readonly string[]>>>> = {
  amd64: { bios: ['undionly.kpxe', 'ipxe.pxe'], uefi: ['snponly.efi', 'ipxe.efi', 'ipxe-amd64.efi'] },
  i386: { uefi: ['ipxe-i386.efi'] },
  arm64: { uefi: ['ipxe-arm64.efi'], 'u-boot': ['ipxe-arm64.efi'] },
  arm: { uefi: ['ipxe-arm32.efi'], 'u-boot': ['ipxe-arm32.efi'] },
  riscv64: { uefi: ['ipxe-riscv64.efi'] },
  loong64: { uefi: ['ipxe-loong64.efi'] },
};

/** Choose what a client that is to be served boots. INVARIANT: iPXE never gets an NBP, so nothing loops. */
export function decideBoot(client: Client, choice: BootChoice): BootDecision {
  const decided = (decision: BootDecision, rule: string, why: string): BootDecision => {
    choice.trace?.({ step: 'boot', rule, taken: true, why });
    return decision;
  };
  switch (client.stage) {
    case 'os':
      return decided({ kind: 'address-only' }, 'a running system', 'it gets an address and nothing to boot');
    case 'ipxe': {
      const url = `${choice.baseUrl}/boot/script/${macWithDashes(client.mac)}`;
      return decided({ kind: 'script', url }, 'iPXE', 'it gets its boot script, never an NBP');
    }
    case 'firmware':
      return bootfileOf(client, choice) ?? usualNbp(client, choice);
  }
}

/** What the host's own file, else a quirk, wants; undefined when that cannot be had. */
function bootfileOf(client: FirmwareClient, choice: BootChoice): BootDecision | undefined {
  const wishes = [
    ['bootfile of the host', choice.host?.bootfile],
    ['bootfile of a quirk', choice.workarounds?.bootfile],
  ] as const;
  for (const [rule, bootfile] of wishes) {
    if (bootfile === undefined) continue;
    const problem = problemOf(bootfile, client, choice.catalogue);
    choice.trace?.({
      step: 'boot',
      rule,
      taken: problem === undefined,
      why: `"${bootfile}"${problem === undefined ? '' : `: ${problem}`}`,
    });
    if (problem === undefined) return nbpDecision(bootfile, client, choice.baseUrl);
  }
  return undefined;
}

function problemOf(bootfile: string, { httpBoot }: FirmwareClient, catalogue: Catalogue): string | undefined {
  if (isUrl(bootfile)) return httpBoot ? undefined : 'this firmware boots by TFTP and cannot fetch a URL';
  const isPublished = publishedNbps(catalogue).some(({ name }) => name === bootfile);
  return isPublished ? undefined : 'no such file is published by the image "nbp"';
}

function usualNbp(client: FirmwareClient, choice: BootChoice): BootDecision {
  const { arch, dialect } = client;
  const tried = (rule: string, taken: boolean, why: string): void =>
    choice.trace?.({ step: 'boot', rule, taken, why });
  if (arch.firmware === 'raspberry-pi') {
    tried('Raspberry Pi', true, 'it fetches its own files by TFTP: no bootfile');
    return { kind: 'own-files' };
  }
  const candidates = candidatesFor(arch);
  const published = publishedNbps(choice.catalogue);
  for (const name of candidates) {
    const isPublished = published.some((file) => file.name === name);
    tried(`NBP "${name}" for ${arch.name}`, isPublished, isPublished ? 'published' : 'not published');
    if (isPublished) return nbpDecision(name, client, choice.baseUrl);
  }
  if (candidates.length === 0) tried(`NBP for ${arch.name}`, false, 'none is known for this architecture');
  // A loader that does not call itself PXE may do well without, with an address alone.
  if (dialect === 'other') return { kind: 'address-only' };
  return {
    kind: 'ignore',
    reason: candidates.length === 0 ? 'no-nbp-for-architecture' : 'nbp-not-published',
  };
}

function candidatesFor({ cpu, firmware }: ClientArchitecture): readonly string[] {
  return NBPS[cpu]?.[firmware] ?? [];
}

function nbpDecision(bootfile: string, { arch, httpBoot }: FirmwareClient, baseUrl: string): BootDecision {
  const { firmware } = arch;
  if (isUrl(bootfile)) return { kind: 'nbp-url', url: bootfile, firmware };
  if (!httpBoot) return { kind: 'nbp', file: bootfile, firmware };
  return { kind: 'nbp-url', url: `${baseUrl}/images/${NBP_IMAGE}/${STABLE}/${bootfile}`, firmware };
}

function isUrl(bootfile: string): boolean {
  return /^https?:\/\//.test(bootfile);
}
