import { describe, expect, it } from 'vitest';
import { Identities, machineIdOf } from '../../src/boot/identity.ts';
import { hostName } from '../builders.ts';
import { FakeKeyMaker } from '../fakes/key-maker.ts';
import { FakeSecretStore } from '../fakes/secret-store.ts';

const WEB01 = hostName('web01');

describe("a host's identity", () => {
  it('is made once and kept', async () => {
    const secrets = new FakeSecretStore();
    const keyMaker = new FakeKeyMaker();
    const first = await new Identities({ secrets, keyMaker }).of(WEB01);
    // A server that was started again.
    const second = await new Identities({ secrets, keyMaker }).of(WEB01);
    expect(second).toEqual(first);
    expect(keyMaker.made).toBe(3);
    expect(first.sshKeys.map(({ type }) => type)).toEqual(['ed25519', 'ecdsa', 'rsa']);
    expect([...secrets.secrets.keys()].sort()).toEqual([
      'hosts/web01/ssh_host_ecdsa_key.json',
      'hosts/web01/ssh_host_ed25519_key.json',
      'hosts/web01/ssh_host_rsa_key.json',
      'site/machine-id.key',
    ]);
  });

  it('of hosts that nobody registered is kept for a thousand of them, and no more', async () => {
    const secrets = new FakeSecretStore();
    const keyMaker = new FakeKeyMaker();
    const name = (at: number) => hostName(`unknown-02-00-00-00-${hex(at >> 8)}-${hex(at & 255)}`);
    const hex = (octet: number) => octet.toString(16).padStart(2, '0');
    const before = new Identities({ secrets, keyMaker });
    for (let at = 0; at < 999; at++) await before.of(name(at));
    const identities = new Identities({ secrets, keyMaker });
    for (let at = 990; at < 1100; at++) await identities.of(name(at));
    expect(await secrets.list('hosts')).toHaveLength(1000);
    expect(await identities.of(name(5))).toEqual(await before.of(name(5)));
    expect(await identities.of(name(1050))).not.toEqual(await identities.of(name(1050)));
    await identities.of(WEB01);
    expect(await secrets.list('hosts')).toContain('web01');
  });

  it('is one for requests at the same time', async () => {
    const keyMaker = new FakeKeyMaker();
    const identities = new Identities({ secrets: new FakeSecretStore(), keyMaker });
    const all = await Promise.all(Array.from({ length: 50 }, () => identities.of(WEB01)));
    for (const one of all) expect(one).toEqual(all[0]);
    expect(keyMaker.made).toBe(3);
  });

  it('is the one that won, where two servers make it at the same time', async () => {
    const secrets = new FakeSecretStore();
    const servers = [new FakeKeyMaker(), new FakeKeyMaker()].map(
      (keyMaker) => new Identities({ secrets, keyMaker }),
    );
    const [a, b] = await Promise.all(servers.map((server) => server.of(WEB01)));
    expect(a).toEqual(b);
  });

  it('is not made anew when it cannot be read (W50)', async () => {
    const secrets = new FakeSecretStore();
    const keyMaker = new FakeKeyMaker();
    const identities = new Identities({ secrets, keyMaker });
    const before = await identities.of(WEB01);
    secrets.fails = true;
    await expect(identities.of(WEB01)).rejects.toThrow('input/output error');
    secrets.fails = false;
    expect(await identities.of(WEB01)).toEqual(before);
    expect(keyMaker.made).toBe(3);
  });

  it.each(['', '{', '{}', '{"private":1,"public":"x"}', 'null'])(
    'is refused when damaged to %j',
    async (text) => {
      const secrets = new FakeSecretStore();
      const keyMaker = new FakeKeyMaker();
      const identities = new Identities({ secrets, keyMaker });
      await identities.of(WEB01);
      secrets.secrets.set('hosts/web01/ssh_host_rsa_key.json', Buffer.from(text));
      await expect(identities.of(WEB01)).rejects.toMatchObject({ code: 'integrity' });
      expect(keyMaker.made).toBe(3);
    },
  );

  it('of many new hosts makes one key at a time', async () => {
    const keyMaker = new FakeKeyMaker();
    const identities = new Identities({ secrets: new FakeSecretStore(), keyMaker });
    await Promise.all(Array.from({ length: 20 }, (_, index) => identities.of(hostName(`h${index}`))));
    expect(keyMaker.made).toBe(60);
    expect(keyMaker.most).toBe(1);
  });
});

describe('a machine-id', () => {
  it('is a version 4 UUID without dashes, differs by host and by site, and stays', () => {
    const site = Buffer.alloc(32, 7);
    const id = machineIdOf(site, WEB01);
    expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(machineIdOf(site, WEB01)).toBe(id);
    expect(machineIdOf(site, hostName('web02'))).not.toBe(id);
    expect(machineIdOf(Buffer.alloc(32, 8), WEB01)).not.toBe(id);
  });
});
