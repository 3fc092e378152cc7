import type { Client } from './identify.ts';
import type { Trace } from './trace.ts';

/** What is remembered of a client on a subnet of mode `auto`. Times are milliseconds since 1970. */
export interface ClientHistory {
  /** First and last DISCOVER since it last got on. */
  readonly askingSince: number;
  readonly askedAt: number;
  /** How many those were; 0: it got on. */
  readonly asked: number;
  /** When it took an address of another server, unless it came for its boot data or asked anew since. */
  readonly tookAt?: number;
  /** How often in a row it took an address of another server and never came for its boot data. */
  readonly missed: number;
  /** When it was last offered an address of ours, unless it took another's since. */
  readonly lentAt?: number;
}

/** What is remembered of a subnet. */
export interface SubnetHistory {
  /** When a client last took an address of another server. */
  readonly otherAt?: number;
  /** When a client last took an address of ours though it had waited for another server's. */
  readonly aloneAt?: number;
}

/** What `auto` goes by. */
export interface AutoQuestion {
  readonly client: ClientHistory;
  readonly subnet: SubnetHistory;
  readonly stage: Client['stage'];
  readonly now: number;
}

const NEW_CLIENT: ClientHistory = { askingSince: 0, askedAt: 0, asked: 0, missed: 0 };
const MINUTE = 60_000;
/** Firmware repeats a DISCOVER after 4, 8, 16 and 32 s; one that comes later belongs to another boot. */
const SAME_BOOT_MS = 2 * MINUTE;
/**
 * A client that another server answers has sent its REQUEST by then: OVMF does at 4 s, iPXE, which repeats its DISCOVER
 * after 1, 3 and 7 s, at 3 s. Those that nothing satisfies have sent their third DISCOVER, or, as iPXE, their fourth and last.
 */
const UNSERVED_MS = 6000;
const UNSERVED_ASKED = 3;
/** Boots in which a client took an address elsewhere and never came for its boot data. */
const MOST_MISSED = 2;
const OTHER_MS = 60 * MINUTE;
const ALONE_MS = 10 * MINUTE;
const LENT_MS = 60 * MINUTE;

/** What is known of a client after a DISCOVER of it. */
export function afterDiscover(
  before: ClientHistory | undefined,
  now: number,
  stage: Client['stage'],
): ClientHistory {
  const { tookAt, ...client } = before ?? NEW_CLIENT;
  // A running system takes an address of another server and wants nothing else.
  const missed = client.missed + (tookAt !== undefined && stage !== 'os' ? 1 : 0);
  const isNew = client.asked === 0 || now - client.askedAt > SAME_BOOT_MS;
  return {
    ...client,
    missed,
    askingSince: isNew ? now : client.askingSince,
    asked: isNew ? 1 : client.asked + 1,
    askedAt: now,
  };
}

/** What is known of a client after it took an address of another server. */
export function afterTaking(before: ClientHistory | undefined, now: number): ClientHistory {
  const { lentAt: _, ...client } = before ?? NEW_CLIENT;
  return { ...client, asked: 0, tookAt: now };
}

/** What is known of a client after it came for boot data, with an address of another server. */
export function afterComing(before: ClientHistory | undefined): ClientHistory {
  const { tookAt: _, ...client } = before ?? NEW_CLIENT;
  return { ...client, asked: 0, missed: 0 };
}

/**
 * Whether a client is lent an address on a subnet where another server may be. INVARIANT: while clients take that
 * server's addresses, ours go only to clients that cannot boot otherwise.
 */
export function mayLend({ client, subnet, stage, now }: AutoQuestion, trace?: Trace): boolean {
  const rule = (taken: boolean, name: string, why: string): boolean => {
    trace?.({ step: 'mode', rule: `auto: ${name}`, taken, why });
    return taken;
  };
  const isOther = isWithin(subnet.otherAt, OTHER_MS, now);
  const asked = `${client.asked} DISCOVER in ${((now - client.askingSince) / 1000).toFixed(0)} s`;
  if (rule(isWithin(client.lentAt, LENT_MS, now), 'offered an address before', 'it keeps to one server'))
    return true;
  if (stage !== 'os') {
    const missed = `${client.missed} boots in which it took another address and fetched nothing`;
    if (rule(client.missed >= MOST_MISSED, 'takes no boot data of a second server', missed)) return true;
  }
  const isAlone = !isOther && isWithin(subnet.aloneAt, ALONE_MS, now);
  if (rule(isAlone, 'no other server', 'whether clients found none here in the last minutes')) return true;
  const isUnserved = client.asked >= UNSERVED_ASKED && now - client.askingSince >= UNSERVED_MS;
  // A running system that another server leaves waiting is that server's to serve.
  return rule(isUnserved && (stage !== 'os' || !isOther), 'nobody else has served it', asked);
}

function isWithin(at: number | undefined, span: number, now: number): boolean {
  return at !== undefined && now - at <= span;
}
