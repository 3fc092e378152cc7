import { type Catalogue, publishedNbps } from '../core/catalogue.ts';
import type { Host } from '../core/host.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import { messageType, OPTION, readText } from '../wire/dhcp/options.ts';
import { type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import type { DhcpAnswer } from './dhcp-turn.ts';
import { type Client, identify } from './identify.ts';
import { workaroundsFor } from './quirk.ts';
import type { DhcpRequest } from './request.ts';
import { resolveHost } from './resolve-host.ts';
import { selectRelease } from './select-release.ts';

/** A message, its answer, and what both depend on. */
export interface Answered {
  readonly request: DhcpRequest;
  readonly answer: DhcpAnswer;
  readonly snapshot: Snapshot;
}

/** What the client does with the answer, and what it gets: one sentence for each step. */
export function nextSteps({ request: { packet }, answer, snapshot }: Answered): readonly string[] {
  const { inventory, policy, catalogue } = snapshot;
  const host = resolveHost(packet.chaddr, inventory, policy);
  const identified = identify(packet, { workarounds: workaroundsFor(packet, policy.quirks) });
  if (answer.kind !== 'reply' || host === undefined || !identified.ok) return [];
  const { reply } = answer;
  if (messageType(reply.options) === 'NAK') {
    return ['The client forgets its address and begins anew, with a DISCOVER'];
  }
  const { client } = identified;
  return [...taking(reply), ...fetching(client, reply, catalogue), ...booting(client, host, snapshot)];
}

function taking({ options, yiaddr }: DhcpPacket): readonly string[] {
  if (messageType(options) !== 'OFFER') return [];
  return yiaddr === NO_ADDRESS
    ? ['The client takes its address from another server']
    : [`The client takes the offer by a REQUEST for ${yiaddr}`];
}

/** By what URL or file the client goes on. Header fields or options say it; a quirk may leave either out. */
function fetching(
  client: Client,
  { file, siaddr, options }: DhcpPacket,
  catalogue: Catalogue,
): readonly string[] {
  const bootfile = file === '' ? optionText(options) : file;
  switch (client.stage) {
    case 'os':
      return ['It has nothing to boot'];
    case 'ipxe':
      return [`iPXE fetches its script: GET ${bootfile}`];
    case 'firmware': {
      if (client.arch.firmware === 'raspberry-pi') {
        return [`It fetches its own files from ${siaddr} by TFTP, below the name of its serial number`];
      }
      if (bootfile === '') return ['It has nothing to boot'];
      const how = client.httpBoot ? `by HTTP: GET ${bootfile}` : `by TFTP from ${siaddr}: "${bootfile}"`;
      const then = 'If that is iPXE, it asks by DHCP again ("--firmware ipxe")';
      return [`Its firmware fetches ${how}${sizeOf(bootfile, catalogue)}`, then];
    }
  }
}

/** The bootfile of option 67, without the NUL that a quirk may have put there. */
function optionText(options: DhcpPacket['options']): string {
  return readText(options, OPTION.bootfileName) ?? '';
}

function sizeOf(bootfile: string, catalogue: Catalogue): string {
  const name = bootfile.split('/').at(-1);
  const file = publishedNbps(catalogue).find((each) => each.name === name);
  return file === undefined ? '' : ` (${file.size} octets, ${file.digest.slice(0, 19)}…)`;
}

/** Which release the script then boots, or why none. */
function booting(client: Client, host: Host, snapshot: Snapshot): readonly string[] {
  if (client.stage === 'os') return [];
  const choice = selectRelease(host, snapshot, { cpu: client.arch?.cpu });
  if (choice.kind === 'none') return [`The script boots nothing: ${choice.reason}`];
  const { digest, release } = choice.named;
  const which = `image "${host.image}", channel "${host.channel}"`;
  return [
    `The script boots release ${digest.slice(0, 19)}… (${which}, ${release.architecture}, ${release.kernelVersion})`,
    ...(choice.instead === undefined ? [] : [`That is an earlier release: ${choice.instead}`]),
  ];
}
