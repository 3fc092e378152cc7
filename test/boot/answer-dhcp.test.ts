import { describe, expect, it } from 'vitest';
import { ipv4FromNumber, macFromBytes } from '../../src/core/address.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { OPTION } from '../../src/wire/dhcp/options.ts';
import { aHost, aLease, aPolicy, aSnapshot, aSubnet, hostName, imageName, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, firmware, IPXE, replyOf, short, taking } from './world.ts';

const ME = ip('10.77.0.11');
const POOL = ip('10.77.0.101');
const { address: _, ...pooled } = aHost();
const anyone = aPolicy({
  unknownHosts: { kind: 'image', image: imageName('web'), channel: aHost().channel },
});

describe('one boot', () => {
  it('C14: gives one address over firmware, iPXE, initramfs and system', async () => {
    const world = aWorld({ hosts: [pooled] });
    const stages = [
      firmware(7),
      IPXE,
      [[OPTION.clientIdentifier, Buffer.from('ff0102030405', 'hex')]],
      [[OPTION.clientIdentifier, Buffer.from('0152540077', 'hex')]],
    ] as const;
    const given = new Set<string>();
    for (const options of stages) {
      const offer = replyOf(await ask(world, aMessage('DISCOVER', { options })));
      const ack = await ask(world, aMessage('REQUEST', { options: [...options, ...taking(offer.yiaddr)] }));
      given.add(`${offer.yiaddr} ${replyOf(ack).yiaddr}`);
    }
    expect(given.size).toBe(1);
    expect(world.leases.list()).toHaveLength(1);
  });

  it('records what was said, in order', async () => {
    const world = aWorld();
    await ask(world, aMessage('DISCOVER', { options: firmware(0) }));
    await ask(world, aMessage('REQUEST', { options: [...IPXE, ...taking(ME)] }));
    await ask(world, aMessage('DISCOVER', { options: firmware(12) }));
    await world.facts.settled();
    const url = 'http://10.77.0.1/boot/script/52-54-00-77-00-01';
    expect(world.recorder.facts).toEqual([
      { kind: 'dhcp', message: 'DISCOVER', stage: 'firmware' },
      { kind: 'dhcp', message: 'OFFER', stage: 'firmware', address: ME, bootfile: 'undionly.kpxe' },
      { kind: 'dhcp', message: 'REQUEST', stage: 'ipxe' },
      { kind: 'dhcp', message: 'ACK', stage: 'ipxe', address: ME, bootfile: url },
      { kind: 'ignored', why: 'there is no NBP for the architecture of the firmware' },
    ]);
    expect(world.recorder.records.every(({ host }) => host === 'web01')).toBe(true);
  });

  it('boots although nothing can be recorded', async () => {
    const world = aWorld();
    world.recorder.fails = true;
    expect(short(await ask(world, aMessage('DISCOVER', { options: IPXE })))).toBe(`OFFER ${ME}`);
    await world.facts.settled();
    expect(world.errors).toHaveLength(2);
  });
});

describe('unknown hosts', () => {
  const stranger = { chaddr: mac('02:00:00:00:00:01') };

  it('are ignored, and recorded only when they want to boot', async () => {
    const world = aWorld();
    expect(short(await ask(world, aMessage('DISCOVER', stranger)))).toBe('ignored: unknown-host');
    await ask(world, aMessage('DISCOVER', { ...stranger, options: firmware(7) }));
    await world.facts.settled();
    expect(world.recorder.facts.map(({ kind }) => kind)).toEqual(['ignored']);
  });

  it('are served by policy', async () => {
    const world = aWorld({ policy: anyone });
    const offer = replyOf(await ask(world, aMessage('DISCOVER', { ...stranger, options: IPXE })));
    expect(offer.file).toBe('http://10.77.0.1/boot/script/02-00-00-00-00-01');
  });
});

describe('C1: REQUEST without DISCOVER (RFC 2131 section 4.3.2)', () => {
  const lease = aLease({ address: POOL });
  const requested = (address: string) => ({
    options: [taking(ip(address))[0] ?? ([0, new Uint8Array(0)] as const)],
  });

  it.each([
    ['SELECTING the reservation', [aHost()], [], { options: taking(ME) }, `ACK ${ME}`],
    ['SELECTING a free pool address', [pooled], [], { options: taking(POOL) }, `ACK ${POOL}`],
    ['SELECTING another address than the reservation', [aHost()], [], { options: taking(POOL) }, 'NAK'],
    ['B15: SELECTING the server', [pooled], [], { options: taking(ip('10.77.0.1')) }, 'NAK'],
    [
      'B17: SELECTING another server',
      [aHost()],
      [],
      { options: taking(ME, ip('10.77.0.2')) },
      'ignored: other-server',
    ],
    ['INIT-REBOOT with its lease', [pooled], [lease], requested(POOL), `ACK ${POOL}`],
    ['INIT-REBOOT with its reservation', [aHost()], [], requested(ME), `ACK ${ME}`],
    ['INIT-REBOOT with another address', [pooled], [lease], requested('10.77.0.102'), 'NAK'],
    ['INIT-REBOOT on the wrong network', [pooled], [lease], requested('192.168.0.5'), 'NAK'],
    ['INIT-REBOOT unknown to us', [pooled], [], requested(POOL), 'ignored: no-lease'],
    ['RENEWING its lease', [pooled], [lease], { ciaddr: POOL }, `ACK ${POOL}`],
    ['RENEWING a lease we lost', [pooled], [], { ciaddr: POOL }, `ACK ${POOL}`],
    ['RENEWING its lease after a reservation was made', [aHost()], [lease], { ciaddr: POOL }, `ACK ${POOL}`],
    ['RENEWING what it never had', [pooled], [lease], { ciaddr: ip('10.77.0.102') }, 'NAK'],
    [
      "RENEWING another's lease",
      [pooled],
      [aLease({ mac: mac('52:54:00:77:00:09'), address: POOL })],
      { ciaddr: POOL },
      'NAK',
    ],
  ])('%s', async (_name, hosts, leases, given, expected) => {
    const world = aWorld({ hosts }, leases);
    expect(short(await ask(world, aMessage('REQUEST', given)))).toBe(expected);
    expect(world.leases.commits).toHaveLength(expected.startsWith('ACK') ? 1 : 0);
  });

  it('extends the lease', async () => {
    const world = aWorld({ hosts: [pooled] }, [aLease({ address: POOL, expiresAt: 1_700_000_000_001 })]);
    await ask(world, aMessage('REQUEST', { ciaddr: POOL }));
    expect(world.leases.findByMac(mac(), aSubnet().subnet)?.expiresAt).toBe(1_700_000_000_000 + 3_600_000);
  });
});

describe('durability', () => {
  it('C17: no ACK when the lease cannot be written', async () => {
    const world = aWorld();
    world.leases.fails = true;
    const answer = await ask(world, aMessage('REQUEST', { options: taking(ME) }));
    expect(answer).toMatchObject({ kind: 'ignored', reason: 'lease-not-stored', cause: expect.any(Error) });
  });

  it('C19: the lease is stored before the ACK is returned', async () => {
    const world = aWorld();
    const disk = Promise.withResolvers<undefined>();
    world.leases.delay = disk.promise.then(() => undefined);
    let answered = false;
    const answer = ask(world, aMessage('REQUEST', { options: taking(ME) })).finally(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    disk.resolve(undefined);
    expect(short(await answer)).toBe(`ACK ${ME}`);
  });

  it('C20: gives two hosts two addresses while the disk is slow', async () => {
    const other = { ...pooled, name: hostName('web02'), macs: [mac('52:54:00:77:00:02')] as const };
    const world = aWorld({ hosts: [pooled, other] });
    const disk = Promise.withResolvers<undefined>();
    world.leases.delay = disk.promise.then(() => undefined);
    const first = ask(world, aMessage('REQUEST', { options: taking(POOL) }));
    const second = ask(world, aMessage('REQUEST', { chaddr: other.macs[0], options: taking(POOL) }));
    const repeated = ask(world, aMessage('REQUEST', { options: taking(POOL) }));
    setTimeout(() => disk.resolve(undefined), 10);
    expect([short(await first), short(await second), short(await repeated)]).toEqual([
      `ACK ${POOL}`,
      'NAK',
      `ACK ${POOL}`,
    ]);
  });
});

describe('DECLINE, RELEASE, INFORM', () => {
  const aDecline = (from = mac()) => aMessage('DECLINE', { chaddr: from, options: taking(POOL) });

  it('a declined address goes into quarantine and the client gets another', async () => {
    const world = aWorld({ hosts: [pooled] }, [aLease({ address: POOL })]);
    expect(short(await ask(world, aDecline()))).toBe('noted');
    expect(world.leases.findByAddress(POOL)?.state).toBe('declined');
    const offer = replyOf(await ask(world, aMessage('DISCOVER')));
    expect(offer.yiaddr).not.toBe(POOL);
    await ask(world, aMessage('REQUEST', { options: taking(offer.yiaddr) }));
    const other = aMessage('DISCOVER', { options: taking(POOL).slice(0, 1) });
    expect(replyOf(await ask(world, other)).yiaddr).not.toBe(POOL);
  });

  it('C4: nobody declines or releases what is not theirs', async () => {
    const hosts = [pooled, { ...pooled, name: hostName('web02'), macs: [mac('52:54:00:77:00:02')] as const }];
    const world = aWorld({ hosts }, [aLease({ address: POOL })]);
    const release = aMessage('RELEASE', { chaddr: mac('52:54:00:77:00:02'), ciaddr: POOL });
    expect(short(await ask(world, aDecline(mac('52:54:00:77:00:02'))))).toBe('ignored: no-lease');
    expect(short(await ask(world, release, POOL))).toBe('ignored: no-lease');
    expect(short(await ask(world, aMessage('RELEASE', { ciaddr: POOL }), ip('10.77.0.66')))).toBe(
      'ignored: wrong-source',
    );
    expect(world.leases.commits).toEqual([]);
  });

  it('a released address is the same host’s again', async () => {
    const world = aWorld({ hosts: [pooled] }, [aLease({ address: POOL })]);
    expect(short(await ask(world, aMessage('RELEASE', { ciaddr: POOL }), POOL))).toBe('noted');
    expect(world.leases.findByMac(mac(), aSubnet().subnet)?.expiresAt).toBe(world.clock.time);
    expect(short(await ask(world, aMessage('DISCOVER')))).toBe(`OFFER ${POOL}`);
  });

  it('C5: INFORM gets settings and makes no lease', async () => {
    const world = aWorld();
    const reply = replyOf(await ask(world, aMessage('INFORM', { ciaddr: ip('10.77.0.60') })));
    expect(reply).toMatchObject({ ciaddr: '10.77.0.60', yiaddr: '0.0.0.0' });
    expect(reply.options.has(OPTION.leaseTime)).toBe(false);
    expect(reply.options.has(OPTION.subnetMask)).toBe(true);
    expect(world.leases.commits).toEqual([]);
  });
});

describe('abuse', () => {
  it('C2: 10 000 DISCOVERs of one MAC get one address and a bounded record', async () => {
    const world = aWorld({ hosts: [pooled] });
    const given = new Set<string>();
    for (let at = 0; at < 10_000; at++) given.add(short(await ask(world, aMessage('DISCOVER'))));
    await world.facts.settled();
    expect(given.size).toBe(1);
    expect(world.recorder.records.length).toBeLessThanOrEqual(120);
  });

  it('C3: after 10 000 random MACs, known hosts are served, and strangers again once the offers expired', async () => {
    const world = aWorld({ hosts: [pooled], policy: anyone });
    for (let at = 0; at < 10_000; at++) {
      const chaddr = macFromBytes(Uint8Array.of(2, 0, 0, (at >> 16) & 255, (at >> 8) & 255, at & 255));
      await ask(world, aMessage('DISCOVER', { chaddr }));
    }
    const stranger = aMessage('DISCOVER', { chaddr: mac('02:ff:00:00:00:01') });
    expect(short(await ask(world, stranger))).toBe('ignored: pool-exhausted');
    expect(short(await ask(world, aMessage('DISCOVER')))).toMatch(/^OFFER 10\.77\.0\.1/);
    await world.facts.settled();
    expect(world.recorder.facts).toContainEqual({ kind: 'pool-exhausted', pool: '10.77.0.100-10.77.0.199' });
    world.clock.time += 61_000;
    expect(short(await ask(world, stranger))).toMatch(/^OFFER /);
  });

  it('an edit is in effect with the next message', async () => {
    const world = aWorld({ hosts: [] });
    expect(short(await ask(world, aMessage('DISCOVER')))).toBe('ignored: unknown-host');
    const inventory = inventoryOf([aHost({ address: ipv4FromNumber(0x0a4d0042) })]);
    world.snapshots.snapshot = { ...aSnapshot(), inventory };
    expect(short(await ask(world, aMessage('DISCOVER')))).toBe('OFFER 10.77.0.66');
  });
});
