import type { ServedSubnet } from '../core/subnet.ts';
import { OPTION, text } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import {
  readMachineId,
  skipBootServerDiscovery,
  skipIpxeProxyDhcp,
  VENDOR_CLASS,
} from '../wire/dhcp/pxe-options.ts';
import type { BootDecision } from './decide.ts';

/** A decision that leads to an answer. */
export type BootAnswer = Exclude<BootDecision, { kind: 'ignore' }>;

/** What the options that say what to boot are made from. */
export interface BootParts {
  readonly request: DhcpPacket;
  readonly subnet: ServedSubnet;
  readonly boot: BootAnswer;
}

/** Options of a reply by code. */
export type Options = readonly (readonly [code: number, value: Uint8Array])[];

/** What to boot, whatever the parameter list says: some ROMs ask for less than they need. */
export function bootOptions({ request, subnet, boot }: BootParts): Options {
  switch (boot.kind) {
    case 'address-only':
      return [];
    case 'script':
      return [
        [OPTION.bootfileName, text(boot.url)],
        [OPTION.etherboot, skipIpxeProxyDhcp()],
      ];
    case 'nbp':
      return [
        // RFC 4578 section 3: without this class in the answer, PXE firmware takes it for plain DHCP.
        [OPTION.vendorClass, text(VENDOR_CLASS.pxe)],
        [OPTION.tftpServerName, text(subnet.serverAddress)],
        [OPTION.bootfileName, text(boot.file)],
        // With the class but without this, EDK2 asks port 4011 four times and gives up ("PXE-E16: No valid offer
        // received"), and BIOS ROMs wait for a ProxyDHCP offer.
        [OPTION.vendorSpecific, skipBootServerDiscovery()],
        ...machineIdOf(request),
      ];
  }
}

/** PXE 2.1 section 2.4: the server returns the client's UUID; some ROMs drop an offer without it. */
function machineIdOf(request: DhcpPacket): Options {
  const value = request.options.get(OPTION.clientMachineId);
  return value !== undefined && readMachineId(value) !== undefined ? [[OPTION.clientMachineId, value]] : [];
}
