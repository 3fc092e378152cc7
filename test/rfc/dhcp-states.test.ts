import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../src/core/address.ts';
import { STABLE } from '../../src/core/image.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import { NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { aMessage, ask, aWorld, short, type TestWorld, taking } from '../boot/world.ts';
import { aHost, aLease, aPolicy, aSubnet, hostName, imageName, ip, mac } from '../builders.ts';
import { heard, only, sayTo } from './dhcp-exchange.ts';

const HOST = ip('10.77.0.11');
const SERVER = ip('10.77.0.1');
const OTHER_SERVER = ip('10.77.0.2');
const EVERYONE = { kind: 'image', image: imageName('web'), channel: STABLE } as const;

/** A world in which a stranger gets addresses of a pool; one host has a reservation. */
function aPool(pool = '10.77.0.100-10.77.0.199', ...rest: Parameters<typeof aWorld>[1][]): TestWorld {
  const [first, last] = pool.split('-').map((each) => ip(each));
  const subnet = aSubnet({ pool: { first: first ?? SERVER, last: last ?? SERVER } });
  return aWorld({ policy: aPolicy({ subnets: [subnet], unknownHosts: EVERYONE }) }, ...rest);
}

const STRANGER = mac('52:54:00:77:00:99');

describe('RFC 2131 section 4.3.1: DISCOVER', () => {
  it('[RFC2131-4.3.1-current] the address of the current binding goes before the one asked for', async () => {
    const world = aPool(undefined, [aLease({ mac: STRANGER, address: ip('10.77.0.150') })]);
    const options = [[OPTION.requestedAddress, addresses(ip('10.77.0.160'))]] as const;
    const wire = await heard(world, aMessage('DISCOVER', { chaddr: STRANGER, options }));
    expect(wire.yiaddr).toBe('10.77.0.150');
  });

  it('[RFC2131-4.3.1-previous] so does the address of a binding that expired, when it is free', async () => {
    const world = aPool(undefined, [aLease({ mac: STRANGER, address: ip('10.77.0.150'), expiresAt: 1 })]);
    const options = [[OPTION.requestedAddress, addresses(ip('10.77.0.160'))]] as const;
    const wire = await heard(world, aMessage('DISCOVER', { chaddr: STRANGER, options }));
    expect(wire.yiaddr).toBe('10.77.0.150');
  });

  it('[RFC2131-4.3.1-requested] then comes the address asked for, when it is valid and free', async () => {
    const asking = (address: string): Parameters<typeof aMessage>[1] => ({
      chaddr: STRANGER,
      options: [[OPTION.requestedAddress, addresses(ip(address))]],
    });
    const free = await heard(aPool(), aMessage('DISCOVER', asking('10.77.0.160')));
    expect(free.yiaddr).toBe('10.77.0.160');
    const taken = aPool(undefined, [aLease({ mac: mac('52:54:00:77:00:98'), address: ip('10.77.0.160') })]);
    expect((await heard(taken, aMessage('DISCOVER', asking('10.77.0.160')))).yiaddr).not.toBe('10.77.0.160');
  });

  it('[RFC2131-4.3.1-subnet] a new address is of the subnet that the message came from', async () => {
    const far = parseSubnet('10.78.0.0/24');
    if (far === undefined) throw new Error('no subnet');
    const pool = { first: ip('10.78.0.100'), last: ip('10.78.0.199') };
    const subnets = [aSubnet(), aSubnet({ subnet: far, serverAddress: ip('10.78.0.1'), pool })] as const;
    const world = aWorld({ policy: aPolicy({ subnets, unknownHosts: EVERYONE }) });
    const discover = aMessage('DISCOVER', { chaddr: STRANGER });
    expect((await heard(world, discover, { local: ip('10.78.0.1') })).yiaddr).toMatch(/^10\.78\.0\./);
    const relayed = { ...discover, giaddr: ip('10.78.0.9') };
    expect((await heard(world, relayed, { local: SERVER })).yiaddr).toMatch(/^10\.78\.0\./);
  });

  it('[RFC2131-4.3.1-offered] an address that is offered is not offered to another client', async () => {
    const world = aPool('10.77.0.100-10.77.0.100');
    expect(short(await ask(world, aMessage('DISCOVER', { chaddr: STRANGER })))).toBe('OFFER 10.77.0.100');
    const other = aMessage('DISCOVER', { chaddr: mac('52:54:00:77:00:98') });
    expect(short(await ask(world, other))).toBe('ignored: pool-exhausted');
  });

  it('[RFC2131-4.3.1-given-time] the time is the configured one, whatever is asked for', async () => {
    const options = [[OPTION.leaseTime, Uint8Array.of(255, 255, 255, 255)]] as const;
    expect(only(await heard(aWorld(), aMessage('DISCOVER', { options })), 51)).toBe('00000e10');
  });
});

describe('RFC 2131 section 4.3.2: REQUEST', () => {
  it('[RFC2131-4.3.2-selecting-other] a client that takes another server’s offer gets no answer; our offer ends', async () => {
    const world = aPool('10.77.0.100-10.77.0.100');
    await heard(world, aMessage('DISCOVER', { chaddr: STRANGER }));
    const options = taking(ip('10.77.0.50'), OTHER_SERVER);
    expect(await sayTo(world, aMessage('REQUEST', { chaddr: STRANGER, options }))).toBeUndefined();
    const next = aMessage('DISCOVER', { chaddr: mac('52:54:00:77:00:98') });
    expect((await heard(world, next)).yiaddr).toBe('10.77.0.100');
  });

  it('[RFC2131-3.1-selecting-gone] a client that takes an offer that cannot be kept gets a NAK', async () => {
    const options = taking(ip('10.77.0.12'));
    expect(only(await heard(aWorld(), aMessage('REQUEST', { options })), 53)).toBe('06');
  });

  it('[RFC2131-4.1-own-identifiers] every address of the server names it', async () => {
    const far = parseSubnet('10.78.0.0/24');
    if (far === undefined) throw new Error('no subnet');
    const { pool: _, router: __, ...other } = aSubnet({ subnet: far, serverAddress: ip('10.78.0.1') });
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet(), other] }) });
    const message = aMessage('REQUEST', { options: taking(HOST, ip('10.78.0.1')) });
    const wire = await heard(world, message, { local: SERVER });
    expect(only(wire, 53)).toBe('05');
    // The answer names the address on the client's own link.
    expect(only(wire, 54)).toBe('0a4d0001');
  });

  it('[RFC2131-3.1-same] the ACK has the parameters of the OFFER', async () => {
    const world = aWorld();
    const offer = await heard(world, aMessage('DISCOVER'));
    const ack = await heard(world, aMessage('REQUEST', { options: taking(HOST) }));
    const settings = (wire: typeof offer): unknown => wire.options.filter(([code]) => code !== 53);
    expect(settings(ack)).toEqual(settings(offer));
    expect([ack.yiaddr, ack.siaddr, ack.file]).toEqual([offer.yiaddr, offer.siaddr, offer.file]);
  });

  it('[RFC2131-3.1-commit] the binding is stored before its ACK; what cannot be stored is not acknowledged', async () => {
    const world = aWorld();
    const gate = Promise.withResolvers<undefined>();
    world.leases.delay = gate.promise.then(() => undefined);
    const order: string[] = [];
    const ack = heard(world, aMessage('REQUEST', { options: taking(HOST) })).then(() => order.push('ACK'));
    void gate.promise.then(() => order.push('disk'));
    gate.resolve(undefined);
    await ack;
    expect(order).toEqual(['disk', 'ACK']);
    expect(world.leases.commits).toMatchObject([{ address: HOST, state: 'bound' }]);
    world.leases.fails = true;
    expect(await sayTo(world, aMessage('REQUEST', { options: taking(HOST) }))).toBeUndefined();
  });

  it('[RFC2131-4.3.2-init-reboot-wrong-net] INIT-REBOOT with an address of another network gets a NAK', async () => {
    for (const giaddr of [NO_ADDRESS, ip('10.77.0.9')]) {
      const options = [[OPTION.requestedAddress, addresses(ip('192.0.2.9'))]] as const;
      expect(only(await heard(aPool(), aMessage('REQUEST', { giaddr, options })), 53)).toBe('06');
    }
  });

  it('[RFC2131-4.3.2-init-reboot-wrong] INIT-REBOOT with an address that is not its own gets a NAK', async () => {
    const options = [[OPTION.requestedAddress, addresses(ip('10.77.0.12'))]] as const;
    const world = aWorld({}, [aLease({ address: HOST })]);
    expect(only(await heard(world, aMessage('REQUEST', { options })), 53)).toBe('06');
  });

  it('[RFC2131-4.3.2-init-reboot-silent] INIT-REBOOT of a client without a record gets no answer', async () => {
    const options = [[OPTION.requestedAddress, addresses(ip('10.77.0.150'))]] as const;
    const message = aMessage('REQUEST', { chaddr: STRANGER, options });
    expect(await sayTo(aPool(), message)).toBeUndefined();
  });

  it('[RFC2131-4.3.2-renewing] RENEWING and REBINDING extend the lease, by ciaddr', async () => {
    const world = aWorld({}, [aLease({ address: HOST, expiresAt: 1_700_000_000_001 })]);
    const wire = await heard(world, aMessage('REQUEST', { ciaddr: HOST }), { source: HOST });
    expect(only(wire, 53)).toBe('05');
    expect(world.leases.list()).toMatchObject([{ expiresAt: 1_700_000_000_000 + 3_600_000 }]);
  });

  it('[RFC2131-4.3.2-rebinding-check] ciaddr is checked: a lease of another client is not extended', async () => {
    const world = aWorld({}, [aLease({ mac: STRANGER, address: ip('10.77.0.150') })]);
    const wire = await heard(world, aMessage('REQUEST', { ciaddr: ip('10.77.0.150') }));
    expect(only(wire, 53)).toBe('06');
  });
});

describe('RFC 2131 sections 4.3.3 to 4.3.5: DECLINE, RELEASE, INFORM', () => {
  it('[RFC2131-4.3.3-decline] a declined address is given to nobody', async () => {
    const world = aPool('10.77.0.100-10.77.0.101');
    const { yiaddr } = await heard(world, aMessage('DISCOVER', { chaddr: STRANGER }));
    const options = taking(ip(yiaddr));
    expect(await sayTo(world, aMessage('DECLINE', { chaddr: STRANGER, options }))).toBeUndefined();
    for (const chaddr of [STRANGER, mac('52:54:00:77:00:98')]) {
      const answer = await ask(world, aMessage('DISCOVER', { chaddr }));
      expect(short(answer)).not.toContain(yiaddr);
    }
  });

  it('[RFC2131-4.3.4-release] a released address is free; its client gets it again while it is', async () => {
    const lease = aLease({ mac: STRANGER, address: ip('10.77.0.100') });
    const options = [[OPTION.serverIdentifier, addresses(SERVER)]] as const;
    const release = aMessage('RELEASE', { chaddr: STRANGER, ciaddr: lease.address, options });
    for (const [chaddr, end] of [
      [STRANGER, 'OFFER 10.77.0.100'],
      [mac('52:54:00:77:00:98'), 'OFFER 10.77.0.100'],
    ] as const) {
      const world = aPool('10.77.0.100-10.77.0.100', [lease]);
      expect(short(await ask(world, release, lease.address))).toBe('noted');
      expect(short(await ask(world, aMessage('DISCOVER', { chaddr })))).toBe(end);
    }
  });

  it('[RFC2131-4.3.5-inform-no-lease-time] [RFC2131-3.4-inform] INFORM: no lease time, no yiaddr, no lease made', async () => {
    const world = aWorld();
    const wire = await heard(world, aMessage('INFORM', { ciaddr: ip('10.77.0.77') }));
    for (const code of [51, 58, 59]) expect(only(wire, code)).toBeUndefined();
    expect(only(wire, 53)).toBe('05');
    expect(wire.yiaddr).toBe('0.0.0.0');
    expect(world.leases.commits).toEqual([]);
  });

  it('[RFC2131-3.4-inform-no-check] INFORM is answered whoever has the address leased', async () => {
    const world = aWorld({}, [aLease({ mac: STRANGER, address: ip('10.77.0.77') })]);
    expect(only(await heard(world, aMessage('INFORM', { ciaddr: ip('10.77.0.77') })), 53)).toBe('05');
  });

  it('[RFC2131-4.3.5-inform-to-ciaddr] its answer goes to ciaddr', async () => {
    const wire = await heard(aWorld(), aMessage('INFORM', { ciaddr: ip('10.77.0.77'), flags: 0x8000 }));
    expect(wire.to).toEqual({ kind: 'unicast', address: '10.77.0.77' });
  });
});

describe('RFC 2131 section 4.2: whose lease it is', () => {
  it('[RFC2131-4.2-chaddr] a client without an identifier is known by its hardware address', async () => {
    const other = aHost({
      name: hostName('web02'),
      macs: [mac('52:54:00:77:00:02')],
      address: ip('10.77.0.12'),
    });
    const world = aWorld({ hosts: [aHost(), other] });
    expect((await heard(world, aMessage('DISCOVER'))).yiaddr).toBe('10.77.0.11');
    expect((await heard(world, aMessage('DISCOVER', { chaddr: mac('52:54:00:77:00:02') }))).yiaddr).toBe(
      '10.77.0.12',
    );
  });
});
