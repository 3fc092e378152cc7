import type { ServedSubnet } from '../core/subnet.ts';
import { OPTION, text } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import {
  isMachineId,
  raspberryPiBoot,
  skipBootServerDiscovery,
  skipIpxeProxyDhcp,
  VENDOR_CLASS,
} from '../wire/dhcp/pxe-options.ts';
import type { BootDecision } from './decide.ts';
import { firmwareDialect } from './identify.ts';

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

/** The BOOTP field `file` has 128 octets with its NUL (RFC 951 section 3); a longer URL goes by option 67 alone. */
const LONGEST_FILE = 127;

/** The header's fields that say what to boot, and from where; none for a client that has nothing to boot. */
export function bootFields({
  subnet: { serverAddress },
  boot,
}: Omit<BootParts, 'request'>): Partial<Pick<DhcpPacket, 'siaddr' | 'sname' | 'file'>> {
  switch (boot.kind) {
    case 'address-only':
      return {};
    case 'own-files':
      return { siaddr: serverAddress, sname: serverAddress };
    case 'nbp':
      return { siaddr: serverAddress, sname: serverAddress, file: boot.file };
    case 'nbp-url':
    case 'script':
      return { siaddr: serverAddress, file: boot.url.length <= LONGEST_FILE ? boot.url : '' };
  }
}

/** What to boot, whatever the parameter list says: some ROMs ask for less than they need. */
export function bootOptions({ request, subnet, boot }: BootParts): Options {
  const isPxe = firmwareDialect(request.options) === 'pxe';
  const tftpServer = [OPTION.tftpServerName, text(subnet.serverAddress)] as const;
  switch (boot.kind) {
    case 'address-only':
      return [];
    case 'script':
      return [
        [OPTION.bootfileName, text(boot.url)],
        [OPTION.etherboot, skipIpxeProxyDhcp()],
      ];
    case 'nbp-url':
      return [
        // UEFI 2.10 section 24.7.3.2: the client takes offers of its own class only. Option 43 is none of its concern.
        [OPTION.vendorClass, text(isPxe ? VENDOR_CLASS.pxe : VENDOR_CLASS.http)],
        [OPTION.bootfileName, text(boot.url)],
        ...machineIdOf(request),
      ];
    case 'nbp':
      return [
        ...(isPxe ? pxeAnswer(skipBootServerDiscovery()) : []),
        tftpServer,
        [OPTION.bootfileName, text(boot.file)],
        ...machineIdOf(request),
      ];
    case 'own-files':
      return [...pxeAnswer(raspberryPiBoot()), tftpServer, ...machineIdOf(request)];
  }
}

/** What makes an answer one of PXE. */
function pxeAnswer(vendorSpecific: Uint8Array): Options {
  return [
    // RFC 4578 section 3: without this class in the answer, PXE firmware takes it for plain DHCP.
    [OPTION.vendorClass, text(VENDOR_CLASS.pxe)],
    // With the class but without this, EDK2 asks port 4011 four times and gives up ("PXE-E16: No valid offer
    // received"), and BIOS ROMs wait for a ProxyDHCP offer.
    [OPTION.vendorSpecific, vendorSpecific],
  ];
}

/** PXE 2.1 section 2.4: the server returns the client's UUID; some ROMs drop an offer without it. */
function machineIdOf(request: DhcpPacket): Options {
  const value = request.options.get(OPTION.clientMachineId);
  return value !== undefined && isMachineId(value) ? [[OPTION.clientMachineId, value]] : [];
}
