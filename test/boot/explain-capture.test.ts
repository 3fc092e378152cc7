import { expect, it } from 'vitest';
import { Explainer } from '../../src/boot/explain.ts';
import { explainCapture } from '../../src/boot/explain-capture.ts';
import { captureJson, captureText } from '../../src/cli/explain-capture-text.ts';
import { addresses, OPTION, octet } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, encodePacket, NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import type { CapturedDatagram } from '../../src/wire/pcap.ts';
import { aHost, aSnapshot, hostName, ip, mac } from '../builders.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { captured } from '../wire/dhcp/captured.ts';

const ROUTER = ip('10.77.0.254');
const udhcpc = captured('udhcpc-discover');
const dhclient = { ...captured('dhclient-discover'), chaddr: mac('52:54:00:77:00:08') };

function fromClient(packet: DhcpPacket, time: number, port = 67): CapturedDatagram {
  return {
    time,
    source: { address: NO_ADDRESS, port: 68 },
    destination: { address: ip('255.255.255.255'), port },
    payload: encodePacket(packet),
  };
}

/** What another server offered. */
function fromRouter(request: DhcpPacket, time: number): CapturedDatagram {
  const options = new Map([
    [OPTION.messageType, octet(2)],
    [OPTION.serverIdentifier, addresses(ROUTER)],
  ]);
  return {
    time,
    source: { address: ROUTER, port: 67 },
    destination: { address: ip('255.255.255.255'), port: 68 },
    payload: encodePacket({ ...request, op: 2, yiaddr: ip('10.77.0.77'), options }),
  };
}

function explainer(): Explainer {
  const hosts = [
    aHost({ macs: [udhcpc.chaddr] }),
    aHost({ name: hostName('db1'), macs: [dhclient.chaddr], address: ip('10.77.0.12') }),
  ];
  const snapshots = new FakeSnapshotSource(aSnapshot({ hosts }));
  return new Explainer({ snapshots, leases: new FakeLeaseStore(), clock: new FakeClock() });
}

const CAPTURE: readonly CapturedDatagram[] = [
  fromClient(udhcpc, 1000),
  fromClient(dhclient, 1200),
  fromRouter(udhcpc, 1250),
  { ...fromClient(udhcpc, 1300), payload: Buffer.from('rubbish') },
  {
    ...fromClient(udhcpc, 1400),
    source: { address: NO_ADDRESS, port: 5353 },
    destination: { address: ROUTER, port: 53 },
  },
];

it('explains each message in turn, beside what another server answered it', async () => {
  const { messages, malformed } = await explainCapture(CAPTURE, explainer());
  expect(malformed).toBe(1);
  expect(messages.map(({ time, explanation }) => [time, explanation.request.packet.chaddr])).toEqual([
    [1000, udhcpc.chaddr],
    [1200, dhclient.chaddr],
  ]);
  expect(messages.map(({ replies }) => replies.map(({ source }) => source))).toEqual([[ROUTER], []]);
  const offered = messages.map(
    ({ explanation: { answer } }) => answer.kind === 'reply' && answer.reply.yiaddr,
  );
  expect(offered).toEqual(['10.77.0.11', '10.77.0.12']);
});

it('explains one host alone where that is wanted', async () => {
  const { messages } = await explainCapture(CAPTURE, explainer(), { only: dhclient.chaddr });
  expect(messages.map(({ explanation }) => explanation.request.packet.chaddr)).toEqual([dhclient.chaddr]);
});

it('takes what came to port 4011 for a question to the boot server', async () => {
  const { messages } = await explainCapture([fromClient(udhcpc, 0, 4011)], explainer());
  expect(messages[0]?.explanation.request.service).toBe('boot-server');
});

it('is shown with times, and as JSON', async () => {
  const explained = await explainCapture(CAPTURE, explainer());
  const text = captureText(explained);
  expect(text).toMatch(/^#1 {2}\+0\.000 s {2}from 0\.0\.0\.0$/m);
  expect(text).toMatch(/^#2 {2}\+0\.200 s/m);
  expect(text).toMatch(/^the capture holds: OFFER of 10\.77\.0\.254, \+0\.250 s\n {2}xid/m);
  expect(text).toMatch(/2 DHCP messages of clients, 1 that cannot be read$/);
  expect(captureJson(explained)).toMatchObject({
    messages: [
      {
        time: 1000,
        explanation: { outcome: { kind: 'reply' } },
        seen: [{ source: ROUTER, yiaddr: '10.77.0.77' }],
      },
      { time: 1200, seen: [] },
    ],
    malformed: 1,
  });
});
