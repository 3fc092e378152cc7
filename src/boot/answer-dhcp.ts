import type { Lodger } from '../core/host.ts';
import { isOwnAddress } from '../core/policy.ts';
import { reservedIn } from './address.ts';
import { answerFull } from './answer-full.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { factsOf } from './dhcp-facts.ts';
import { type DhcpAnswer, type DhcpWorld, ignored, type Turn } from './dhcp-turn.ts';
import { subjectOf } from './facts.ts';
import { isNetboot } from './identify.ts';
import { watchIdentity } from './identity-watch.ts';
import { answerAuto, answerBootServer, answerProxy } from './proxy.ts';
import { workaroundsFor } from './quirk.ts';
import { type DhcpRequest, notForUs, readWish, type Wish } from './request.ts';
import { hostRule, resolveLodger } from './resolve-host.ts';

/** A message before it is known what is wanted, and of which host it is. */
type Asked = Omit<Turn, 'wish' | 'host'>;

/**
 * Answer one message: request → subnet → identify → mode → decide → address → offer. A lease is on disk before its ACK is
 * returned; a lease that cannot be written gives no ACK.
 */
export async function answerDhcp(request: DhcpRequest, world: DhcpWorld): Promise<DhcpAnswer> {
  const snapshot = await world.snapshots.current();
  const { policy } = snapshot;
  const { packet } = request;
  const foreign = notForUs(packet);
  if (foreign !== undefined) return ignored(foreign);
  const place = chooseSubnet(request, policy, world.trace);
  if (!place.ok) return ignored(place.reason);
  const { subnet, serverId, unheeded } = place;
  if (unheeded !== undefined) world.onUnheededLink?.(packet.giaddr, unheeded);
  const workarounds = workaroundsFor(packet, policy.quirks, world.trace);
  const now = world.clock.now();
  const asked = { world, snapshot, subnet, serverId, packet, workarounds, mac: packet.chaddr, now };
  if (request.service === 'boot-server') {
    if (subnet.mode === 'off') return ignored('mode-off');
    return forHost(asked, (host) => answerBootServer({ ...asked, host }, request));
  }
  const read = readWish(request, place);
  if (!read.ok) return ignored(read.reason);
  const { wish } = read;
  noteOtherServer(asked, wish);
  return forHost(asked, (host) => answerByMode({ ...asked, wish, host }));
}

/** Answer a host that is to be served, and put on record what was said. */
async function forHost(
  { world, snapshot, subnet, packet, mac }: Asked,
  answerHost: (host: Lodger) => DhcpAnswer | Promise<DhcpAnswer>,
): Promise<DhcpAnswer> {
  const host = resolveLodger(mac, snapshot.inventory, snapshot.policy);
  world.trace?.(hostRule(mac, host));
  watchIdentity(packet, snapshot.inventory, world);
  const answer = host === undefined ? ignored('unknown-host') : await answerHost(host);
  // Of machines that nobody registered, only those that want to boot are worth a record.
  if ((host !== undefined && host.isGuest !== true) || isNetboot(packet))
    world.facts.note(subjectOf(mac, host), ...factsOf(packet, answer, subnet));
  return answer;
}

/** What the subnet's mode makes of a message; see {@link SubnetMode}. */
function answerByMode(turn: Turn): DhcpAnswer | Promise<DhcpAnswer> {
  const { mode } = turn.subnet;
  const isReserved = mode !== 'reservations-only' || reservedIn(turn.host, turn.subnet) !== undefined;
  turn.world.trace?.({
    step: 'mode',
    rule: `mode ${mode}`,
    taken: mode !== 'off' && isReserved,
    why: isReserved ? 'the mode of the subnet' : 'the host has no reserved address here',
  });
  switch (mode) {
    case 'full':
      return answerFull(turn);
    case 'reservations-only':
      return isReserved ? answerFull(turn) : ignored('not-reserved');
    case 'proxy':
      return answerProxy(turn);
    case 'auto':
      return answerAuto(turn);
    case 'off':
      return ignored('mode-off');
  }
}

/** A client of another server, ours to serve or not, says by broadcast which address it takes. */
function noteOtherServer({ world, snapshot, serverId, mac, subnet, now }: Asked, wish: Wish): void {
  if (wish.kind !== 'selecting' || wish.server === serverId) return;
  if (isOwnAddress(snapshot.policy, wish.server)) return;
  world.others.took({ mac, subnet: subnet.subnet }, wish.requested, now);
}
