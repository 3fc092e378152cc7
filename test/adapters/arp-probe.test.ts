import { expect, test } from 'vitest';
import { ArpProbe } from '../../src/adapters/arp-probe.ts';
import { ipv4FromNumber } from '../../src/core/address.ts';
import { ip, mac } from '../builders.ts';

const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const LOOPBACK = ip('127.0.0.1');

/** A probe whose kernel shows this table. */
function aProbe(rows: readonly string[] = []) {
  const table = { rows, reads: 0 };
  const forgotten: string[] = [];
  const probe = new ArpProbe({
    read: () => {
      table.reads++;
      return HEADING + table.rows.join('');
    },
    forget: (address) => {
      forgotten.push(address);
      table.rows = table.rows.filter((row) => !row.startsWith(`${address} `));
      return Promise.resolve();
    },
  });
  return { probe, table, forgotten };
}

function row(address: string, flags = '0x2', answerer = mac()): string {
  return `${address.padEnd(16)} 0x1         ${flags}         ${answerer}     *        net0\n`;
}

test('whoever answers while it is asked has the address; nobody has it when nobody does', async () => {
  const { probe, table } = aProbe();
  const [used, free] = [probe.whoHas(ip('127.0.0.7'), LOOPBACK), probe.whoHas(ip('127.0.0.8'), LOOPBACK)];
  table.rows = [row('127.0.0.7'), row('127.0.0.8', '0x0', mac('00:00:00:00:00:00'))];
  expect([await used, await free]).toEqual([mac(), undefined]);
});

test('what the kernel knew before is forgotten first: it may be of a machine that left', async () => {
  const { probe, forgotten } = aProbe([row('127.0.0.7')]);
  expect(await probe.whoHas(ip('127.0.0.7'), LOOPBACK)).toBeUndefined();
  expect(forgotten).toEqual(['127.0.0.7']);
});

test('an answer serves all who ask within some seconds', async () => {
  const { probe, table } = aProbe();
  await Promise.all([probe.whoHas(ip('127.0.0.7'), LOOPBACK), probe.whoHas(ip('127.0.0.7'), LOOPBACK)]);
  const { reads } = table;
  await probe.whoHas(ip('127.0.0.7'), LOOPBACK);
  expect(table.reads).toBe(reads);
});

test('a storm is not slowed: of a thousand addresses thirty-two are asked for', async () => {
  const { probe } = aProbe();
  const answers = Array.from({ length: 1000 }, (_, at) =>
    probe.whoHas(ipv4FromNumber(0x7f000100 + at), LOOPBACK),
  );
  expect(probe.skipped).toBe(968);
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 1000 }, () => undefined));
});

test('an address that is not ours to ask from tells nothing', async () => {
  expect(await aProbe().probe.whoHas(ip('127.0.0.7'), ip('192.0.2.1'))).toBeUndefined();
});
