import { macWithDashes } from '../core/address.ts';
import type { ClientArchitecture, Cpu, Firmware } from '../core/arch.ts';
import { type Catalogue, publishedNbps } from '../core/catalogue.ts';
import type { Client } from './identify.ts';
import type { IgnoreReason } from './ignore-reason.ts';

/** What a client is to boot. `ignore` says why it gets no answer at all. */
export type BootDecision =
  /** A running system: network settings, nothing to boot. */
  | { readonly kind: 'address-only' }
  /** Firmware: this file of the image `nbp`, by TFTP. */
  | { readonly kind: 'nbp'; readonly file: string; readonly firmware: Firmware }
  /** iPXE: its boot script, by HTTP. */
  | { readonly kind: 'script'; readonly url: string }
  | { readonly kind: 'ignore'; readonly reason: IgnoreReason };

/**
 * NBPs by CPU and firmware, the best first. `snponly.efi` and `undionly.kpxe` drive the card by the firmware's own
 * driver, so they work on every card that the firmware booted from.
 */
const NBPS: Partial<Record<Cpu, Partial<Record<Firmware, readonly string[]>>>> = {
  amd64: { bios: ['undionly.kpxe'], uefi: ['snponly.efi', 'ipxe.efi'] },
  arm64: { uefi: ['ipxe-arm64.efi'] },
};

/** Choose what a client that is to be served boots. INVARIANT: iPXE never gets an NBP, so nothing loops. */
export function decideBoot(client: Client, catalogue: Catalogue, baseUrl: string): BootDecision {
  switch (client.stage) {
    case 'os':
      return { kind: 'address-only' };
    case 'ipxe':
      return { kind: 'script', url: `${baseUrl}/boot/script/${macWithDashes(client.mac)}` };
    case 'firmware':
      // UEFI HTTP Boot comes with part F.
      return client.httpBoot ? { kind: 'ignore', reason: 'http-boot' } : decideNbp(client.arch, catalogue);
  }
}

function decideNbp({ cpu, firmware }: ClientArchitecture, catalogue: Catalogue): BootDecision {
  const candidates = NBPS[cpu]?.[firmware];
  if (candidates === undefined) return { kind: 'ignore', reason: 'no-nbp-for-architecture' };
  const files = publishedNbps(catalogue)?.files ?? [];
  const file = candidates.find((name) => files.some((published) => published.name === name));
  return file === undefined
    ? { kind: 'ignore', reason: 'nbp-not-published' }
    : { kind: 'nbp', file, firmware };
}
