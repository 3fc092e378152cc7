import { expect, test } from 'vitest';
import { conffsTable } from '../../src/cli/conffs-table.ts';
import { digest, hostName } from '../builders.ts';

test('files of hosts are a row for each host: what became of them, for which release, how large, or why not', () => {
  const release = digest('a');
  const table = conffsTable({
    hosts: [
      { host: hostName('db1'), kind: 'built', release, size: 6_845_952, dropped: [] },
      { host: hostName('db2'), kind: 'failed', release, reason: 'stage "db.yml": no disk' },
      { host: hostName('db3'), kind: 'failed', reason: 'no release' },
    ],
    seconds: 1,
  });
  expect(table.split('\n')).toEqual([
    'HOST  FILES   RELEASE              SIZE     REASON',
    'db1   built   sha256:aaaaaaaaaaaa  6.85 MB',
    'db2   failed  sha256:aaaaaaaaaaaa           stage "db.yml": no disk',
    'db3   failed                                no release',
  ]);
});
