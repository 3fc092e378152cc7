import { Command, InvalidArgumentError, Option } from 'commander';
import { Explainer, type Explanation } from '../boot/explain.ts';
import { CLIENT_NAMES, type PlayedClient, parseClient, playedMessage } from '../boot/explain-client.ts';
import type { DhcpRequest } from '../boot/request.ts';
import { formatSubnet, type Mac, parseMac, subnetContains } from '../core/address.ts';
import { AppError } from '../core/errors.ts';
import { parseHostName } from '../core/host.ts';
import { type BootPolicy, subnetFor } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import { OPTION, readAddress } from '../wire/dhcp/options.ts';
import { NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { captureJson, captureText } from './explain-capture-text.ts';
import { explainFile } from './explain-pcap.ts';
import { explanationJson, explanationText } from './explain-text.ts';
import { EXIT, globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

interface ExplainOptions {
  readonly firmware: PlayedClient;
  readonly subnet?: string;
  readonly mode: 'discover' | 'request';
  readonly pcap?: string;
}

/** `bivouac explain HOST|MAC` and `bivouac explain --pcap FILE`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'what DHCP answers a host, and why: by the rules and the data of the server, changing nothing',
    )
    .argument('[host]', 'name of a host, or a MAC address')
    .addOption(
      new Option('--firmware <kind>', `who asks: ${CLIENT_NAMES}`)
        .argParser(readClient)
        .default(readClient('uefi'), 'uefi'),
    )
    .option(
      '--mode <message>',
      'what it asks: discover, or request (which takes the offer)',
      readMode,
      'discover',
    )
    .option('--subnet <network>', 'where it is, such as 10.77.0.0/24 (default: where its address is)')
    .option('--pcap <file>', 'explain the messages of a capture instead, of the host or of all')
    .action((target: string | undefined, options: ExplainOptions, command: Command) =>
      withState(globalOptions(command), (state, { json }) =>
        options.pcap === undefined
          ? explainHost(target, options, { state, json })
          : explainPcap(options.pcap, { target, subnet: options.subnet }, { state, json }),
      ),
    );
}

interface Output {
  readonly state: OpenSite;
  readonly json: boolean;
}

async function explainHost(
  target: string | undefined,
  options: ExplainOptions,
  { state, json }: Output,
): Promise<void> {
  if (target === undefined) {
    throw new AppError('usage', 'Cannot explain nothing: neither a host nor "--pcap" is given');
  }
  const explanations = await playClient(target, options, state);
  if (json) printJson(explanations.map(explanationJson));
  else print(explanations.map(explanationText).join(`\n\n${'-'.repeat(40)}\n\n`));
  if (explanations.at(-1)?.answer.kind === 'ignored') process.exitCode = EXIT.failed;
}

async function explainPcap(
  file: string,
  { target, subnet }: { readonly target: string | undefined; readonly subnet: string | undefined },
  { state, json }: Output,
): Promise<void> {
  const snapshot = await state.snapshots.current();
  const local = subnet === undefined ? undefined : namedSubnet(subnet, snapshot.policy).serverAddress;
  const only = target === undefined ? undefined : macOf(target, snapshot);
  const choice = { ...(local === undefined ? {} : { local }), ...(only === undefined ? {} : { only }) };
  const explained = await explainFile(file, choice, state);
  if (json) printJson(captureJson(explained));
  else print(captureText(explained));
}

/** Ask as the client would: for an offer and, where that is wanted, for what was offered. */
async function playClient(
  target: string,
  { firmware: client, subnet, mode }: ExplainOptions,
  state: OpenSite,
): Promise<readonly Explanation[]> {
  const snapshot = await state.snapshots.current();
  const mac = macOf(target, snapshot);
  const served = subnet === undefined ? usualSubnet(mac, snapshot) : namedSubnet(subnet, snapshot.policy);
  const explainer = new Explainer(state);
  const place = placeIn(served);
  const message = (offered?: Parameters<typeof playedMessage>[0]['offered']): DhcpRequest => ({
    ...place.request,
    packet: playedMessage({ mac, client, ...place.relay, ...(offered === undefined ? {} : { offered }) }),
  });
  const offer = await explainer.explain(message());
  if (mode === 'discover' || offer.answer.kind !== 'reply') return [offer];
  const { yiaddr, options } = offer.answer.reply;
  const server = readAddress(options, OPTION.serverIdentifier) ?? served.serverAddress;
  if (yiaddr === NO_ADDRESS) return [offer];
  return [offer, await explainer.explain(message({ address: yiaddr, server }))];
}

function macOf(target: string, { inventory }: Snapshot): Mac {
  const mac = parseMac(target);
  if (mac !== undefined) return mac;
  const name = parseHostName(target);
  const host = name === undefined ? undefined : inventory.byName.get(name);
  if (host !== undefined) return host.macs[0];
  throw new AppError('usage', `Cannot explain "${target}": it is neither a MAC address nor a host`, {
    remedy: `Known hosts: ${[...inventory.byName.keys()].join(', ') || 'none'}`,
  });
}

function usualSubnet(mac: Mac, { inventory, policy }: Snapshot): ServedSubnet {
  return subnetFor(policy, inventory.byMac.get(mac)?.address);
}

function namedSubnet(text: string, { subnets }: BootPolicy): ServedSubnet {
  const found = subnets.find(({ subnet }) => formatSubnet(subnet) === text || subnet.network === text);
  if (found !== undefined) return found;
  const known = subnets.map(({ subnet }) => formatSubnet(subnet)).join(', ');
  throw new AppError('usage', `Cannot explain an answer on "${text}": no such subnet is served`, {
    remedy: `Served subnets: ${known}`,
  });
}

/** How a message of this subnet reaches the server: on a link of its own, or by a relay agent. */
function placeIn({ subnet, serverAddress, relays }: ServedSubnet) {
  const here = { source: NO_ADDRESS, service: 'dhcp' } as const;
  const [relay] = relays;
  return subnetContains(subnet, serverAddress) || relay === undefined
    ? { request: { ...here, local: serverAddress }, relay: {} }
    : { request: { ...here, source: relay }, relay: { relay } };
}

function readClient(text: string): PlayedClient {
  const client = parseClient(text);
  if (client === undefined) throw new InvalidArgumentError(`Wanted one of ${CLIENT_NAMES}.`);
  return client;
}

function readMode(text: string): ExplainOptions['mode'] {
  if (text === 'discover' || text === 'request') return text;
  throw new InvalidArgumentError('Wanted "discover" or "request".');
}
