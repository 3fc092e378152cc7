import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/boot/http-world.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { aHost, aLease, aSnapshot, hostName, ip, mac } from '../builders.ts';
import { ADDRESS, booted, HttpFixture, reasonOf, textOf } from './http-fixture.ts';

describe('the boot token (G13)', () => {
  const routes = {
    env: (f: HttpFixture, caller: Caller) => f.boot.answerEnv(caller),
    manifest: (f: HttpFixture, caller: Caller) => f.boot.answerManifest(caller, 'text'),
    conffs: (f: HttpFixture, caller: Caller) => f.boot.answerConffs(caller),
    events: (f: HttpFixture, caller: Caller) =>
      f.boot.recordMilestone(caller, new URLSearchParams({ milestone: 'healthy' })),
  };

  describe.each(Object.entries(routes))('of %s', (_name, ask) => {
    it('is needed', async () => {
      const fixture = new HttpFixture();
      await booted(fixture);
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: undefined }))).toBe('no-token');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: '' }))).toBe('token-unknown');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: 'A'.repeat(43) }))).toBe('token-unknown');
      expect(reasonOf(await ask(fixture, { address: ADDRESS, token: 'A'.repeat(1e6) }))).toBe(
        'token-unknown',
      );
    });

    it('answers to one address, as often as it is shown', async () => {
      const fixture = new HttpFixture();
      const caller = await booted(fixture);
      expect(reasonOf(await ask(fixture, { ...caller, address: ip('10.77.0.12') }))).toBe(
        'token-of-other-address',
      );
      expect(reasonOf(await ask(fixture, { ...caller, address: undefined }))).toBe('token-of-other-address');
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      await fixture.facts.settled();
      expect(fixture.recorder.facts).toContainEqual({
        kind: 'ignored',
        why: 'boot token of 10.77.0.11 shown from 10.77.0.12',
      });
    });

    it('expires', async () => {
      const fixture = new HttpFixture();
      const caller = await booted(fixture);
      fixture.clock.time += 3600_000 - 1;
      expect(reasonOf(await ask(fixture, caller))).toMatch(/^not refused/);
      fixture.clock.time += 1;
      expect(reasonOf(await ask(fixture, caller))).toBe('token-expired');
      await fixture.facts.settled();
      expect(fixture.recorder.facts).toContainEqual({ kind: 'ignored', why: 'boot token has expired' });
    });
  });

  it('opens nothing of another host', async () => {
    const other = aHost({
      name: hostName('web02'),
      macs: [mac('52:54:00:77:00:02')],
      address: ip('10.77.0.12'),
    });
    const fixture = new HttpFixture(aSnapshot({ hosts: [aHost(), other] }));
    const caller = await booted(fixture);
    expect(textOf(await fixture.boot.answerManifest(caller, 'text'))).toContain('host web01\n');
    // The MAC goes to another host while the first one boots.
    fixture.edit({ inventory: inventoryOf([{ ...other, macs: [mac()] }]) });
    expect(reasonOf(await fixture.boot.answerConffs(caller))).toBe('release-gone');
  });

  it('is pruned from the store a day after it expired', async () => {
    const fixture = new HttpFixture();
    await booted(fixture);
    fixture.clock.time += 3600_000 + 24 * 3600_000 + 1;
    for (let i = 0; i < 256; i++) {
      await fixture.leases.commit(aLease());
      await booted(fixture);
    }
    expect(fixture.tokens.grants.size).toBe(256);
  });
});
