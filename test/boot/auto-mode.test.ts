import { describe, expect, it } from 'vitest';
import { OtherServers } from '../../src/boot/other-servers.ts';
import { macFromBytes } from '../../src/core/address.ts';
import { aSubnet, ip, mac } from '../builders.ts';

const { subnet } = aSubnet();
const ME = { mac: mac(), subnet };
const NEIGHBOUR = { mac: mac('52:54:00:77:00:09'), subnet };
const THEIRS = ip('10.77.0.210');

type Stage = 'firmware' | 'ipxe' | 'os';

/** A subnet of mode `auto` whose clock a test sets, in seconds. */
class Auto {
  readonly others = new OtherServers();
  #now = 0;

  at(seconds: number): this {
    this.#now = seconds * 1000;
    return this;
  }

  discover(client = ME, stage: Stage = 'firmware'): 'address' | 'boot data only' {
    return this.others.asked({ ...client, stage }, this.#now) ? 'address' : 'boot data only';
  }

  takesTheirs(client = ME): void {
    this.others.took(client, THEIRS, this.#now);
  }

  takesOurs(client = ME): void {
    this.others.tookOurs(client, this.#now);
  }

  fetches(client = ME): void {
    this.others.came(client);
  }
}

describe('nobody else answers', () => {
  it.each([
    ['OVMF, which repeats after 4 and 8 s', [0, 4, 12], 12],
    ['iPXE, which repeats after 1, 2 and 4 s', [0, 1, 3, 7], 7],
  ])('%s, gets an address', (_name, times, served) => {
    const auto = new Auto();
    for (const time of times) {
      expect([time, auto.at(time).discover()]).toEqual([
        time,
        time === served ? 'address' : 'boot data only',
      ]);
    }
  });

  it('what was offered an address gets it at each later stage', () => {
    const auto = new Auto();
    for (const time of [0, 4]) auto.at(time).discover();
    expect(auto.at(12).discover()).toBe('address');
    expect(auto.at(20).discover(ME, 'ipxe')).toBe('address');
    expect(auto.at(60).discover(ME, 'os')).toBe('address');
  });

  it('the next clients need not wait, until another server is seen', () => {
    const auto = new Auto();
    for (const time of [0, 4, 12]) auto.at(time).discover();
    auto.takesOurs();
    expect(auto.at(20).discover(NEIGHBOUR)).toBe('address');
    auto.at(24).takesTheirs(NEIGHBOUR);
    expect(auto.at(30).discover({ ...ME, mac: mac('52:54:00:77:00:0a') })).toBe('boot data only');
  });

  it('that nobody else answered counts for ten minutes', () => {
    const auto = new Auto();
    auto.at(0).takesOurs(NEIGHBOUR);
    expect(auto.at(600).discover({ ...ME, mac: mac('52:54:00:77:00:0a') })).toBe('address');
    expect(auto.at(601).discover()).toBe('boot data only');
  });

  it('DISCOVERs of two boots are not counted together', () => {
    const auto = new Auto();
    for (const time of [0, 4]) auto.at(time).discover();
    expect(auto.at(125).discover()).toBe('boot data only');
  });

  it('a running system gets an address as well', () => {
    const auto = new Auto();
    for (const time of [0, 3]) expect(auto.at(time).discover(ME, 'os')).toBe('boot data only');
    expect(auto.at(8).discover(ME, 'os')).toBe('address');
  });
});

describe('another server answers', () => {
  it('a client that takes its address gets boot data only, boot after boot', () => {
    const auto = new Auto();
    for (const boot of [0, 1000, 2000, 3000]) {
      expect(auto.at(boot).discover()).toBe('boot data only');
      auto.at(boot + 4).takesTheirs();
      auto.fetches();
      expect(auto.at(boot + 8).discover(ME, 'ipxe')).toBe('boot data only');
      auto.at(boot + 11).takesTheirs();
      auto.fetches();
      expect(auto.at(boot + 60).discover(ME, 'os')).toBe('boot data only');
      auto.at(boot + 61).takesTheirs();
    }
  });

  it('bootimus#77: one that takes its address and never comes for boot data gets ours at the third boot', () => {
    const auto = new Auto();
    for (const boot of [0, 600]) {
      expect(auto.at(boot).discover()).toBe('boot data only');
      auto.at(boot + 4).takesTheirs();
    }
    expect(auto.at(1200).discover()).toBe('address');
  });

  it('one fetch makes good what was missed', () => {
    const auto = new Auto();
    for (const boot of [0, 600]) {
      auto.at(boot).discover();
      auto.at(boot + 4).takesTheirs();
    }
    auto.fetches();
    expect(auto.at(1200).discover()).toBe('boot data only');
  });

  it('C12: one that takes no answer at all gets an address, though others are served', () => {
    const auto = new Auto();
    auto.at(0).takesTheirs(NEIGHBOUR);
    const answers = [0, 4, 12].map((time) => auto.at(time).discover());
    expect(answers).toEqual(['boot data only', 'boot data only', 'address']);
  });

  it('a running system that takes no answer gets none of ours', () => {
    const auto = new Auto();
    auto.at(0).takesTheirs(NEIGHBOUR);
    for (const time of [0, 4, 12, 28, 60]) {
      expect(auto.at(time).discover(ME, 'os')).toBe('boot data only');
    }
  });

  it('one that was offered ours and takes theirs is left to them', () => {
    const auto = new Auto();
    for (const time of [0, 4]) auto.at(time).discover();
    expect(auto.at(12).discover()).toBe('address');
    auto.at(13).takesTheirs();
    auto.fetches();
    expect(auto.others.isLentTo(ME)).toBe(false);
    expect(auto.at(20).discover(ME, 'ipxe')).toBe('boot data only');
  });
});

describe('who uses an address of another server', () => {
  it('is told by the REQUEST that takes it, for a day', () => {
    const auto = new Auto();
    auto.at(0).takesTheirs();
    expect(auto.others.macOf(THEIRS, 86_399_000)).toBe(ME.mac);
    expect(auto.others.macOf(THEIRS, 86_400_000)).toBeUndefined();
    auto.at(10).takesTheirs(NEIGHBOUR);
    expect(auto.others.macOf(THEIRS, 11_000)).toBe(NEIGHBOUR.mac);
  });

  it('C3: memory is bounded; the newest are known', () => {
    const { others } = new Auto();
    const last = 30_000;
    for (let at = 0; at <= last; at++) {
      const made = macFromBytes(Uint8Array.of(2, 0, 0, 0, at >> 8, at & 255));
      others.took({ mac: made, subnet }, ip(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`), at);
    }
    expect(others.macOf(ip('10.0.0.0'), last)).toBeUndefined();
    expect(others.macOf(ip('10.0.117.48'), last)).toBe('02:00:00:00:75:30');
  });
});
