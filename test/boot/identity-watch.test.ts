import { expect, it } from 'vitest';
import { IdentityWatch } from '../../src/boot/identity-watch.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aHost, hostName, ip, mac } from '../builders.ts';
import { captured } from '../wire/dhcp/captured.ts';
import { aMessage, ask, aWorld, IPXE, short } from './world.ts';

const [first, second] = [mac('52:54:00:00:00:01'), mac('52:54:00:00:00:02')];
const inventory = inventoryOf([
  aHost({ name: hostName('a'), macs: [first, mac('52:54:00:00:00:11')] }),
  aHost({ name: hostName('b'), macs: [second], address: ip('10.77.0.12') }),
]);
const UUID = Uint8Array.of(0, ...Array.from({ length: 16 }, (_, at) => at + 1));

function withId(chaddr = first, id = UUID): DhcpPacket {
  return aMessage('DISCOVER', { chaddr, options: [[OPTION.clientMachineId, id]] });
}

it('tells once of a card that was swapped: a known UUID with a MAC that nobody owns', () => {
  const watch = new IdentityWatch();
  expect(watch.look(withId(), inventory)).toBeUndefined();
  const stranger = withId(mac('52:54:00:99:99:99'));
  expect(watch.look(stranger, inventory)).toEqual({
    subject: { mac: first, host: 'a' },
    why: 'the machine with UUID 04030201-0605-0807-090a-0b0c0d0e0f10 has booted as 52:54:00:00:00:01 and now as 52:54:00:99:99:99, which no host owns',
  });
  expect(watch.look(stranger, inventory)).toBeUndefined();
});

it('tells of two hosts with one UUID, and not of two cards of one host', () => {
  const watch = new IdentityWatch();
  watch.look(withId(), inventory);
  expect(watch.look(withId(mac('52:54:00:00:00:11')), inventory)).toBeUndefined();
  expect(watch.look(withId(second), inventory)?.why).toMatch(/and now as 52:54:00:00:00:02 of host "b"$/);
});

it('says nothing of UUIDs that name no machine, and no more of one that many share', () => {
  const watch = new IdentityWatch();
  for (const id of [new Uint8Array(17), new Uint8Array(17).fill(255, 1), Uint8Array.of(0, 1, 2)]) {
    watch.look(withId(first, id), inventory);
    expect(watch.look(withId(second, id), inventory)).toBeUndefined();
  }
  watch.look(withId(), inventory);
  const told = Array.from({ length: 10 }, (_, at) =>
    watch.look(withId(mac(`52:54:00:99:00:0${at}`)), inventory),
  );
  expect(told.filter((each) => each !== undefined)).toHaveLength(3);
});

it('is on the record of the host, and told to the operator', async () => {
  const told: string[] = [];
  const world = { ...aWorld(), identities: new IdentityWatch(), onConflict: (why: string) => told.push(why) };
  const id = [OPTION.clientMachineId, UUID] as const;
  await ask(world, aMessage('DISCOVER', { options: [...IPXE, id] }));
  await ask(world, aMessage('DISCOVER', { chaddr: second, options: [...IPXE, id] }));
  await world.facts.settled();
  const conflicts = world.recorder.records.filter(({ fact }) => fact.kind === 'conflict');
  expect(conflicts).toEqual([{ mac: mac(), host: 'web01', fact: { kind: 'conflict', why: told[0] } }]);
});

it('C14: a host keeps its address through firmware, iPXE, initramfs and system, whatever they call themselves', async () => {
  const { address: _, ...poolHost } = aHost({ macs: [mac('52:54:00:77:00:01')] });
  const world = aWorld({ hosts: [poolHost] });
  const clients = ['ovmf-pxe', 'ipxe-2019-efi', 'ipxe-rom-2019-bios', 'dhclient', 'udhcpc', 'networkd'];
  const got = new Set<string>();
  for (const client of clients) {
    const packet = captured(`${client}-discover`);
    // In the capture it asks for the address it had there.
    const options = new Map([...packet.options].filter(([code]) => code !== OPTION.requestedAddress));
    const discover = { ...packet, chaddr: mac('52:54:00:77:00:01'), options };
    const offer = await ask(world, discover);
    if (offer.kind !== 'reply') throw new Error(`${client}: ${short(offer)}`);
    const taking = new Map([...options, ...request(offer.reply.yiaddr)]);
    got.add(short(await ask(world, { ...discover, options: taking })));
    world.clock.time += 20_000;
  }
  expect([...got]).toEqual([expect.stringMatching(/^ACK 10\.77\.0\.1/)]);
});

function request(address: ReturnType<typeof ip>): readonly (readonly [number, Uint8Array])[] {
  return [
    [OPTION.messageType, Uint8Array.of(3)],
    [OPTION.requestedAddress, addresses(address)],
    [OPTION.serverIdentifier, addresses(ip('10.77.0.1'))],
  ];
}
