import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConsoleState, QUIET_CONSOLE, readConsole, type Sighting } from '../../src/lab/console.ts';

const BOOT = [
  'SeaBIOS (version 1.16.2-debian-1.16.2-1)\r\n',
  '\x1b[2J\x1b[01;01HiPXE 1.0.0+git-20190125.36a4c85-5.1 -- Open Source Network Boot Firmware\r\n',
  '[    0.000000] Linux version 6.12.48+deb13-cloud-amd64 (build@host)\r\n',
  '[    2.100000] bivouac: network-up 10.77.0.11\r\n',
  'bivouac: layer 1/3 fetched\r\n',
  '\r\nDebian GNU/Linux 13 web01 ttyS0\r\n\r\nweb01 login: ',
].join('');

const SIGHTINGS: readonly Sighting[] = [
  {
    kind: 'network-boot',
    text: 'iPXE 1.0.0+git-20190125.36a4c85-5.1 -- Open Source Network Boot Firmware',
  },
  { kind: 'kernel', text: '[    0.000000] Linux version 6.12.48+deb13-cloud-amd64 (build@host)' },
  { kind: 'live-root', text: 'network-up 10.77.0.11' },
  { kind: 'live-root', text: 'layer 1/3 fetched' },
  { kind: 'login', host: 'web01' },
];

test('readConsole() sees the same however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(BOOT.length), { maxLength: 40 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), BOOT.length];
      expect(read(at.slice(1).map((end, index) => BOOT.slice(at[index], end)))).toEqual(SIGHTINGS);
    }),
  );
});

test('a prompt is seen once, also when something is typed after it', () => {
  expect(read(['web01 login: ', 'root', '\r\nPassword: '])).toEqual([{ kind: 'login', host: 'web01' }]);
  expect(read(['web01 login: ', '\r\nweb01 login: '])).toHaveLength(2);
});

test('a panic is seen', () => {
  expect(read(['[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n'])).toMatchObject([
    { kind: 'panic' },
  ]);
});

test('any text is read, and what is kept of it is bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 3000 })), (chunks) => {
      let state: ConsoleState = QUIET_CONSOLE;
      for (const chunk of chunks) ({ state } = readConsole(state, chunk));
      expect(state.line.length).toBeLessThanOrEqual(4096);
    }),
  );
  expect(
    read([`bivouac: ${'x'.repeat(100_000)}\n`]).map((sighting) => JSON.stringify(sighting).length),
  ).toEqual([expect.toSatisfy((length: number) => length < 400)]);
});

function read(chunks: readonly string[]): readonly Sighting[] {
  let state: ConsoleState = QUIET_CONSOLE;
  const all: Sighting[] = [];
  for (const chunk of chunks) {
    const next = readConsole(state, chunk);
    state = next.state;
    all.push(...next.sightings);
  }
  return all;
}
