import { type Ipv4, isUnicastMac } from '../core/address.ts';
import { isOwnAddress } from '../core/policy.ts';
import { messageType, OPTION, readAddress } from '../wire/dhcp/options.ts';
import { NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { readBootItem } from '../wire/dhcp/pxe-options.ts';
import { answerFull } from './answer-full.ts';
import { type DhcpAnswer, ignored, isNamedBy, reply, type Turn } from './dhcp-turn.ts';
import { isNetboot, stageOf } from './identify.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import { bootOnly } from './offer.ts';
import type { DhcpRequest } from './request.ts';
import { withBoot } from './with-boot.ts';

/** Answer beside another DHCP server (PXE 2.1 section 2.2.2): what to boot, to clients that boot; never an address. */
export function answerProxy(turn: Turn): DhcpAnswer | Promise<DhcpAnswer> {
  const { wish, packet } = turn;
  switch (wish.kind) {
    case 'discover':
      return bootData('OFFER', turn);
    case 'inform':
      return bootData('ACK', turn);
    case 'selecting':
      // What it tells of the other server is on record by now.
      return isNamedBy(turn, wish.server) ? bootData('ACK', turn) : { kind: 'noted' };
    case 'init-reboot':
    case 'renewing':
    case 'decline':
    case 'release':
    case 'bootp':
      turn.world.trace?.({
        step: 'mode',
        rule: 'proxy',
        taken: false,
        why: `it is about the address ${packet.ciaddr}`,
      });
      return ignored('proxy-mode');
  }
}

/** Answer as a proxy, and as the address server for those whom nobody else serves, or not so that they boot. */
export async function answerAuto(turn: Turn): Promise<DhcpAnswer> {
  const { world, wish, mac, subnet, packet, now } = turn;
  const client = { mac, subnet: subnet.subnet };
  switch (wish.kind) {
    case 'discover': {
      const lends = world.others.asked({ ...client, stage: stageOf(packet) }, now, world.trace);
      return lends || turn.workarounds.serve === 'full' ? lendOrProxy(turn) : answerProxy(turn);
    }
    case 'selecting': {
      const isLent =
        isNamedBy(turn, wish.server) && (world.others.isLentTo(client) || isOurs(turn, wish.requested));
      if (!isLent) return answerProxy(turn);
      const answer = await answerFull(turn);
      if (answer.kind === 'reply' && messageType(answer.reply.options) === 'ACK')
        world.others.tookOurs(client, now);
      return answer;
    }
    case 'init-reboot':
    case 'renewing':
      // Another server may have given the address: what is not ours is neither granted nor denied.
      return isOurs(turn, wish.requested) ? answerFull(turn) : ignored('proxy-mode');
    case 'decline':
    case 'release':
      return answerFull(turn);
    case 'inform':
    case 'bootp':
      return answerProxy(turn);
  }
}

function isOurs({ world, mac, subnet, now }: Turn, address: Ipv4): boolean {
  const lease = world.leases.findByMac(mac, subnet.subnet);
  return lease?.address === address && lease.state === 'bound' && lease.expiresAt > now;
}

/** Where there is no address to lend, boot data is better than nothing. */
async function lendOrProxy(turn: Turn): Promise<DhcpAnswer> {
  const answer = await answerFull(turn);
  const isWithout =
    answer.kind === 'ignored' && ['no-pool', 'pool-exhausted', 'reservation-in-use'].includes(answer.reason);
  return isWithout && isNetboot(turn.packet) ? answerProxy(turn) : answer;
}

/**
 * Answer at port 4011 (PXE 2.1 section 2.2.4): firmware that got its address from another server, or no boot data that
 * satisfies it, asks the boot server it was told of.
 */
export function answerBootServer(
  turn: Omit<Turn, 'wish'>,
  { source }: DhcpRequest,
): DhcpAnswer | Promise<DhcpAnswer> {
  const refusal = notForBootServer(turn, source);
  if (refusal !== undefined) return ignored(refusal);
  turn.world.others.sighted(turn.mac, source, turn.now);
  turn.world.others.came({ mac: turn.mac, subnet: turn.subnet.subnet });
  return bootData('ACK', turn);
}

/** The reply goes to the source of the datagram, so that has to be the client's own address. */
function notForBootServer(
  { packet, snapshot, mac }: Omit<Turn, 'wish'>,
  source: Ipv4,
): IgnoreReason | undefined {
  const type = messageType(packet.options);
  if (type !== 'REQUEST' && type !== 'INFORM') return 'unsupported-message';
  if (!isUnicastMac(mac)) return 'bad-mac';
  if (packet.giaddr !== NO_ADDRESS) return 'relay-not-served';
  // A datagram to 0.0.0.0 would reach this machine itself.
  if (source === NO_ADDRESS) return 'missing-address';
  if (packet.ciaddr !== NO_ADDRESS && packet.ciaddr !== source) return 'wrong-source';
  if (isOwnAddress(snapshot.policy, source)) return 'outside-subnet';
  const server = readAddress(packet.options, OPTION.serverIdentifier);
  if (server !== undefined && !isOwnAddress(snapshot.policy, server)) return 'other-server';
  const vendorSpecific = packet.options.get(OPTION.vendorSpecific);
  const item = vendorSpecific === undefined ? undefined : readBootItem(vendorSpecific);
  // Type 0 is the bootstrap server; every other one is of a menu, and we send none.
  return item === undefined || item.type === 0 ? undefined : 'other-boot-server';
}

function bootData(type: 'OFFER' | 'ACK', turn: Omit<Turn, 'wish'>): DhcpAnswer | Promise<DhcpAnswer> {
  const boots = isNetboot(turn.packet);
  turn.world.trace?.({
    step: 'mode',
    rule: 'boot data without an address',
    taken: boots,
    why: boots ? 'the client boots from the network' : 'the client is a running system',
  });
  if (!boots) return ignored('proxy-mode');
  return withBoot(turn, (parts) =>
    parts.boot.kind === 'address-only' ? ignored('proxy-mode') : reply(bootOnly(type, parts)),
  );
}
