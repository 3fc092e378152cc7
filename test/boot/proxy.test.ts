import { describe, expect, it } from 'vitest';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import type { TriedRule } from '../../src/boot/trace.ts';
import type { SubnetMode } from '../../src/core/subnet.ts';
import { OPTION, text } from '../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aHost, aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, firmware, IPXE, replyOf, short, type TestWorld, taking } from './world.ts';

const ME = ip('10.77.0.11');
const THEIRS = ip('10.77.0.210');
const OTHER = ip('10.77.0.2');
const HTTP_BOOT = [
  [OPTION.vendorClass, text('HTTPClient:Arch:00016:UNDI:003000')],
  [OPTION.clientArchitecture, Uint8Array.of(0, 16)],
] as const;
const { address: _, ...pooled } = aHost();

function worldOf(mode: SubnetMode, given: Parameters<typeof aWorld>[0] = {}): TestWorld {
  return aWorld({ policy: aPolicy({ subnets: [aSubnet({ mode })] }), ...given });
}

function codes(packet: DhcpPacket): readonly number[] {
  return [...packet.options.keys()].toSorted((a, b) => a - b);
}

describe('mode proxy', () => {
  it.each([
    ['BIOS', firmware(0), 'undionly.kpxe', [43, 53, 54, 60, 66, 67]],
    ['UEFI', firmware(7), 'snponly.efi', [43, 53, 54, 60, 66, 67]],
    ['iPXE', IPXE, 'http://10.77.0.1/boot/script/52-54-00-77-00-01', [53, 54, 60, 67, 175]],
    ['UEFI HTTP Boot', HTTP_BOOT, 'http://10.77.0.1/images/nbp/stable/snponly.efi', [53, 54, 60, 67]],
  ])('%s is told what to boot, and lent no address', async (_name, options, file, expected) => {
    const offer = replyOf(await ask(worldOf('proxy'), aMessage('DISCOVER', { options })));
    expect(offer).toMatchObject({ yiaddr: '0.0.0.0', siaddr: '10.77.0.1', file });
    expect(codes(offer)).toEqual(expected);
    const own = Buffer.from(options[0]?.[1] ?? []).toString();
    const offered = Buffer.from(offer.options.get(OPTION.vendorClass) ?? []).toString();
    expect([offered.length, own.startsWith(offered)]).toEqual([own.startsWith('P') ? 9 : 10, true]);
  });

  it.each([
    ['a DISCOVER of a running system', aMessage('DISCOVER')],
    ['an INFORM of a running system', aMessage('INFORM', { ciaddr: THEIRS })],
    ['INIT-REBOOT', aMessage('REQUEST', { options: [...IPXE, ...taking(THEIRS).slice(0, 1)] })],
    ['a renewal', aMessage('REQUEST', { ciaddr: ME })],
    ['a DECLINE', aMessage('DECLINE', { options: taking(ME) })],
    ['BOOTP', { ...aMessage('DISCOVER'), options: new Map() }],
  ])('%s gets no answer and no record', async (_name, packet) => {
    const world = worldOf('proxy', {});
    expect(short(await ask(world, packet))).toBe('ignored: proxy-mode');
    await world.facts.settled();
    expect(world.recorder.facts).toEqual([]);
    expect(world.leases.commits).toEqual([]);
  });

  it('a client that already has an address asks by INFORM', async () => {
    const packet = aMessage('INFORM', { ciaddr: THEIRS, options: firmware(0) });
    const ack = replyOf(await ask(worldOf('proxy'), packet, THEIRS));
    expect(ack).toMatchObject({ ciaddr: THEIRS, yiaddr: '0.0.0.0', file: 'undionly.kpxe' });
    expect(codes(ack)).not.toContain(OPTION.leaseTime);
  });

  it('what a client takes elsewhere is on record, and tells whose address it is', async () => {
    const world = worldOf('proxy');
    const options = [...firmware(7), ...taking(THEIRS, OTHER)];
    expect(short(await ask(world, aMessage('REQUEST', { options })))).toBe('noted');
    await world.facts.settled();
    expect(world.recorder.facts).toEqual([{ kind: 'dhcp', message: 'REQUEST', stage: 'firmware' }]);
    expect(world.others.macOf(THEIRS, world.clock.time)).toBe(mac());
  });

  it('strangers are ignored, and what they take elsewhere is known all the same', async () => {
    const world = worldOf('proxy');
    const stranger = { chaddr: mac('02:00:00:00:00:01') };
    expect(short(await ask(world, aMessage('DISCOVER', { ...stranger, options: IPXE })))).toBe(
      'ignored: unknown-host',
    );
    await ask(world, aMessage('REQUEST', { ...stranger, options: taking(THEIRS, OTHER) }));
    expect(world.others.macOf(THEIRS, world.clock.time)).toBe(stranger.chaddr);
  });
});

describe('mode auto', () => {
  const discover = aMessage('DISCOVER', { options: firmware(7) });

  it('offers boot data first, and an address to a client that nobody else serves', async () => {
    const world = worldOf('auto');
    for (const seconds of [4, 8]) {
      expect(short(await ask(world, discover))).toBe('OFFER 0.0.0.0');
      world.clock.time += seconds * 1000;
    }
    expect(short(await ask(world, discover))).toBe(`OFFER ${ME}`);
    expect(short(await ask(world, aMessage('REQUEST', { options: [...firmware(7), ...taking(ME)] })))).toBe(
      `ACK ${ME}`,
    );
    expect(short(await ask(world, aMessage('DISCOVER', { options: IPXE })))).toBe(`OFFER ${ME}`);
    expect(short(await ask(world, aMessage('DISCOVER')))).toBe(`OFFER ${ME}`);
    expect(short(await ask(world, aMessage('REQUEST', { ciaddr: ME })))).toBe(`ACK ${ME}`);
  });

  it('boot data is better than nothing when there is no address to lend', async () => {
    const policy = aPolicy({ subnets: [withoutPool(aSubnet({ mode: 'auto' }))] });
    const world = aWorld({ policy, hosts: [pooled] });
    for (const seconds of [4, 8]) {
      await ask(world, discover);
      world.clock.time += seconds * 1000;
    }
    expect(short(await ask(world, discover))).toBe('OFFER 0.0.0.0');
  });

  it.each([
    ['SELECTING us without an offer of ours', taking(ME), {}, 'ignored: proxy-mode'],
    ['SELECTING another server', taking(THEIRS, OTHER), {}, 'noted'],
    ['INIT-REBOOT, reserved with us, no lease', taking(ME).slice(0, 1), {}, 'ignored: proxy-mode'],
    ['INIT-REBOOT on another network', taking(ip('192.168.0.5')).slice(0, 1), {}, 'ignored: proxy-mode'],
    ['a renewal of another server’s lease', [], { ciaddr: THEIRS }, 'ignored: proxy-mode'],
  ])('neither grants nor denies what is not ours: %s', async (_name, options, given, expected) => {
    const world = worldOf('auto');
    expect(short(await ask(world, aMessage('REQUEST', { ...given, options })))).toBe(expected);
    expect(world.leases.commits).toEqual([]);
  });

  it('a lease of ours is renewed, and confirmed after a restart of the host', async () => {
    const policy = aPolicy({ subnets: [aSubnet({ mode: 'auto' })] });
    const world = aWorld({ policy }, [aLease()]);
    expect(short(await ask(world, aMessage('REQUEST', { ciaddr: ME })))).toBe(`ACK ${ME}`);
    expect(short(await ask(world, aMessage('REQUEST', { options: taking(ME).slice(0, 1) })))).toBe(
      `ACK ${ME}`,
    );
    expect(short(await ask(world, aMessage('RELEASE', { ciaddr: ME }), ME))).toBe('noted');
    expect(short(await ask(world, aMessage('REQUEST', { options: taking(ME).slice(0, 1) })))).toBe(
      'ignored: proxy-mode',
    );
  });

  it('a quirk makes it lend at once', async () => {
    const quirk = { name: 'HP', match: {}, workarounds: { serve: 'full' } } as const;
    const policy = aPolicy({ subnets: [aSubnet({ mode: 'auto' })], quirks: [quirk] });
    expect(short(await ask(aWorld({ policy }), discover))).toBe(`OFFER ${ME}`);
  });

  it('tells why', async () => {
    const rules: TriedRule[] = [];
    const world = { ...worldOf('auto'), trace: (rule: TriedRule) => rules.push(rule) };
    await answerDhcp({ packet: discover, source: ip('0.0.0.0'), service: 'dhcp' }, world);
    expect(rules.filter(({ step }) => step === 'mode').map(({ rule, taken }) => `${rule}: ${taken}`)).toEqual(
      [
        'mode auto: true',
        'auto: offered an address before: false',
        'auto: takes no boot data of a second server: false',
        'auto: no other server: false',
        'auto: nobody else has served it: false',
        'boot data without an address: true',
      ],
    );
  });
});

function withoutPool({ pool: _pool, ...subnet }: ReturnType<typeof aSubnet>) {
  return subnet;
}
