import { describe, expect, it } from 'vitest';
import { Explainer } from '../../src/boot/explain.ts';
import { parseClient, playedMessage } from '../../src/boot/explain-client.ts';
import { explanationJson, explanationText } from '../../src/cli/explain-text.ts';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import {
  aCatalogue,
  aHost,
  anNbpRelease,
  aPolicy,
  aPublication,
  artefact,
  aSnapshot,
  aSubnet,
  ip,
  mac,
} from '../builders.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { captured } from '../wire/dhcp/captured.ts';

const quirks = [
  {
    name: 'names-up-to-nul',
    match: { stages: ['firmware'], vendorClasses: ['PXEClient'] },
    workarounds: { nulTerminated: true },
  },
] as const;
const nbp = anNbpRelease({
  files: [
    { name: 'undionly.kpxe', ...artefact('b') },
    { name: 'snponly.efi', ...artefact('c') },
    { name: 'ipxe-arm64.efi', ...artefact('e') },
  ],
});
const site = {
  policy: aPolicy({ quirks }),
  catalogue: aCatalogue([aPublication(), aPublication({ image: NBP_IMAGE, release: nbp })]),
};

function explainer(given = aSnapshot(site)) {
  const leases = new FakeLeaseStore();
  return {
    leases,
    explainer: new Explainer({ snapshots: new FakeSnapshotSource(given), leases, clock: new FakeClock() }),
  };
}

const HERE = { source: NO_ADDRESS, local: ip('10.77.0.1'), service: 'dhcp' } as const;

function played(name: string, from = mac()) {
  const client = parseClient(name);
  if (client === undefined) throw new Error(`No client "${name}"`);
  return { ...HERE, packet: playedMessage({ mac: from, client }) };
}

const golden = (name: string) => `../golden/explain-${name}.txt`;

describe('the text of an explanation', () => {
  it.each(['uefi', 'uefi-http', 'ipxe', 'os', 'arch:27'])('%s', async (name) => {
    const text = explanationText(await explainer().explainer.explain(played(name)));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    await expect(`${text}\n`).toMatchFileSnapshot(golden(name.replace(':', '-')));
  });

  it('a stranger: no answer, and what to do about it', async () => {
    const text = explanationText(
      await explainer().explainer.explain(played('uefi', mac('02:00:00:00:00:09'))),
    );
    await expect(`${text}\n`).toMatchFileSnapshot(golden('stranger'));
  });

  it('a real message, and a REQUEST that takes what was offered', async () => {
    const packet = captured('ovmf-pxe-discover');
    const given = aSnapshot({ ...site, hosts: [aHost({ macs: [packet.chaddr] })] });
    const { explainer: one } = explainer(given);
    const offer = await one.explain({ ...HERE, packet });
    const offered = { address: ip('10.77.0.11'), server: ip('10.77.0.1') };
    const client = { kind: 'firmware', architecture: 7 } as const;
    const taking = playedMessage({ mac: packet.chaddr, client, offered });
    const text = [offer, await one.explain({ ...HERE, packet: taking })].map(explanationText).join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot(golden('ovmf'));
  });
});

describe('an explanation', () => {
  it('changes nothing', async () => {
    const { explainer: one, leases } = explainer();
    await one.explain(played('uefi'));
    const offered = { address: ip('10.77.0.11'), server: ip('10.77.0.1') };
    const packet = playedMessage({ mac: mac(), client: { kind: 'os' }, offered });
    const taken = await one.explain({ ...HERE, packet });
    expect(taken.answer.kind).toBe('reply');
    expect(leases.commits).toEqual([]);
    expect(leases.list()).toEqual([]);
  });

  it('is what the server answers, byte for byte', async () => {
    const { sent, answer } = await explainer().explainer.explain(played('bios'));
    expect(answer.kind === 'reply' && answer.reply.file).toBe('undionly.kpxe');
    expect(Buffer.from(sent?.bytes ?? []).includes('undionly.kpxe\0')).toBe(true);
  });

  it('says when release and firmware do not fit, and when there is none', async () => {
    const arm = await explainer().explainer.explain(played('arm64'));
    expect(arm.next.at(-1)).toBe(
      'The script boots nothing: Image "web" has no release for arm64 in channel "stable", only for amd64',
    );
    const empty = aSnapshot({ ...site, catalogue: aCatalogue([]) });
    const none = await explainer(empty).explainer.explain(played('ipxe'));
    expect(none.next.at(-1)).toBe(
      'The script boots nothing: Image "web" has no release in channel "stable" yet',
    );
  });

  it('goes by a relay agent where the subnet is behind one', async () => {
    const relay = ip('10.77.0.254');
    const subnets = [aSubnet({ relays: [relay] })] as const;
    const given = aSnapshot({ ...site, policy: aPolicy({ subnets }) });
    const packet = playedMessage({ mac: mac(), client: { kind: 'ipxe' }, relay });
    const { sent } = await explainer(given).explainer.explain({ ...HERE, source: relay, packet });
    expect(sent?.destination).toBe('relay agent 10.77.0.254:67');
  });

  it('is JSON that names every field', async () => {
    const json = explanationJson(await explainer().explainer.explain(played('ipxe')));
    expect(json).toMatchObject({
      request: { message: 'DISCOVER', chaddr: '52:54:00:77:00:01', stage: 'ipxe', service: 'dhcp' },
      outcome: { kind: 'reply' },
      reply: {
        message: 'OFFER',
        yiaddr: '10.77.0.11',
        options: expect.arrayContaining([{ code: 175, name: 'iPXE', value: '176: 01' }]),
        bytes: expect.stringMatching(/^0201060/),
      },
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});

it.each(['', 'UEFI', 'arch:', 'arch:65536', 'arch:-1', 'constructor'])('there is no client %j', (name) => {
  expect(parseClient(name)).toBeUndefined();
});
