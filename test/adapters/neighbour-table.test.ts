import { expect, it } from 'vitest';
import { NeighbourTable, parseNeighbours } from '../../src/adapters/neighbour-table.ts';
import { ip } from '../builders.ts';

const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.11       0x1         0x2         52:54:00:77:00:01     *        br0
10.77.0.12       0x1         0x0         00:00:00:00:00:00     *        br0
10.77.0.13       0x1         0x6         52:54:00:77:00:03     *        br0
10.77.0.14       0x20        0x2         52:54:00:77:00:04     *        ib0
10.77.0.15       0x1         0x2         00:00:00:00:00:00     *        br0
`;

it('knows the neighbours that have answered, on Ethernet', () => {
  expect([...parseNeighbours(TABLE)]).toEqual([
    ['10.77.0.11', '52:54:00:77:00:01'],
    ['10.77.0.13', '52:54:00:77:00:03'],
  ]);
});

it('reads the kernel’s table, and knows nobody where there is none', () => {
  expect(new NeighbourTable().macOf(ip('240.0.0.1'))).toBeUndefined();
  const broken = new NeighbourTable(() => {
    throw new Error('ENOENT');
  });
  expect(broken.macOf(ip('10.77.0.11'))).toBeUndefined();
  expect(new NeighbourTable(() => TABLE).macOf(ip('10.77.0.11'))).toBe('52:54:00:77:00:01');
});

it('reads once for many who are in it, and again for one who is not yet', () => {
  let text = '';
  let reads = 0;
  const table = new NeighbourTable(() => {
    reads++;
    return text;
  });
  expect(table.macOf(ip('10.77.0.11'))).toBeUndefined();
  text = TABLE;
  for (const address of ['10.77.0.11', '10.77.0.13', '10.77.0.11']) {
    expect(table.macOf(ip(address))).toBeDefined();
  }
  expect(reads).toBe(2);
});
