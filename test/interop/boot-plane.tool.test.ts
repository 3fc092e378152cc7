import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { CLIENT_MAC, TestNetwork } from './network.ts';

const OTHER_MAC = '52:54:00:77:00:06';
const NBP = Buffer.from(Uint8Array.from({ length: 300_001 }, (_, at) => (at * 31 + (at >> 8)) & 255));

/** Puts the address on the card, as the clients' own scripts do. */
const BOUND = `#!/bin/sh
[ -z "$ip" ] || ip addr replace "$ip/24" dev net0
[ -z "$new_ip_address" ] || ip addr replace "$new_ip_address/24" dev net0
exit 0
`;

describeWith(['root', 'ip', 'busybox', 'udhcpc', 'dhclient', 'tftp', 'curl'], 'real clients', () => {
  const network = new TestNetwork();
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-interop-'));
  const script = join(folder, 'bound');
  const fetched = join(folder, 'fetched');
  let server: Awaited<ReturnType<TestNetwork['serve']>> | undefined;

  const serve = async (...hosts: readonly string[]): Promise<void> => {
    server = await network.serve([join(folder, 'nbp'), ...hosts]);
  };

  beforeAll(() => {
    network.up();
    mkdirSync(join(folder, 'nbp'));
    writeFileSync(join(folder, 'nbp', 'snponly.efi'), NBP);
    writeFileSync(script, BOUND);
    chmodSync(script, 0o755);
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    network.forget();
    rmSync(fetched, { force: true });
  });

  afterAll(() => {
    network.down();
    rmSync(folder, { recursive: true });
  });

  const udhcpc = (...args: readonly string[]): Promise<string> =>
    network.inClient(
      'busybox',
      'udhcpc',
      '-i',
      'net0',
      '-f',
      '-q',
      '-n',
      '-t',
      '5',
      '-T',
      '1',
      '-s',
      script,
      ...args,
    );

  describe('DHCP', () => {
    it('udhcpc gets its reserved address', async () => {
      await serve(`${CLIENT_MAC}=10.77.0.11`);
      expect(await udhcpc()).toContain('lease of 10.77.0.11 obtained from 10.77.0.1, lease time 3600');
    });

    it('udhcpc gets an address of the pool, and the same again when it asks for another', async () => {
      await serve('', CLIENT_MAC);
      const first = /lease of (10\.77\.0\.1\d\d) obtained/.exec(await udhcpc())?.[1];
      expect(first).toBeDefined();
      expect(await udhcpc('-r', '10.77.0.150')).toContain(`lease of ${first} obtained`);
    });

    it('udhcpc gives its lease back', async () => {
      await serve('', CLIENT_MAC);
      const client = ['udhcpc', '-i', 'net0', '-f', '-R', '-s', script];
      // It releases when it is told to end, and then reports the signal.
      await network
        .inClient('busybox', 'timeout', '-s', 'TERM', '2', 'busybox', ...client)
        .catch(() => undefined);
      await server?.stop();
      expect(server?.log()).toContain('"message":"RELEASE"');
    });

    it('a host that nobody registered gets nothing', async () => {
      await serve('', OTHER_MAC);
      await expect(udhcpc('-t', '2')).rejects.toThrow();
      expect(server?.log()).toContain('DHCP message ignored: unknown-host');
    });

    it('dhclient gets its reserved address, and renews it after a restart (INIT-REBOOT)', async () => {
      await serve(`${CLIENT_MAC}=10.77.0.11`);
      const leases = join(folder, 'dhclient.leases');
      const pid = join(folder, 'dhclient.pid');
      const dhclient = async (): Promise<string> => {
        const args = ['-4', '-1', '-v', '-sf', script, '-lf', leases, '-pf', pid, 'net0'];
        const printed = await network.inClient('dhclient', ...args);
        // It goes into the background with its lease and writes its process id a moment later.
        await expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8')).toMatch(/^\d+\n$/);
        process.kill(Number(readFileSync(pid, 'utf8')));
        rmSync(pid);
        return printed;
      };
      expect(await dhclient()).toContain('bound to 10.77.0.11');
      const again = await dhclient();
      expect(again).toContain('DHCPREQUEST for 10.77.0.11');
      expect(again).toContain('bound to 10.77.0.11');
      expect(again).not.toContain('DHCPDISCOVER');
    });
  });

  describe('TFTP', () => {
    it.each([
      ['tftp-hpa', 'tftp', ['-m', 'binary', '10.77.0.1', '-c', 'get', 'snponly.efi', fetched]],
      ['curl', 'curl', ['-sS', '--tftp-blksize', '1428', '-o', fetched, 'tftp://10.77.0.1/snponly.efi']],
      [
        'curl without options',
        'curl',
        ['-sS', '--tftp-no-options', '-o', fetched, 'tftp://10.77.0.1/snponly.efi'],
      ],
      [
        'curl with large blocks',
        'curl',
        ['-sS', '--tftp-blksize', '65464', '-o', fetched, 'tftp://10.77.0.1/SNPONLY.EFI'],
      ],
      ['busybox', 'busybox', ['tftp', '-b', '1468', '-g', '-r', '/snponly.efi', '-l', fetched, '10.77.0.1']],
    ])('%s fetches the NBP byte for byte', async (_name, program, args) => {
      await serve(`${CLIENT_MAC}=10.77.0.11`);
      network.assign('10.77.0.11');
      await network.inClient(program, ...args);
      expect(readFileSync(fetched).equals(NBP)).toBe(true);
    });

    it('fetches by the client that has the lease are in its record', async () => {
      await serve(`${CLIENT_MAC}=10.77.0.11`);
      await udhcpc();
      await network.inClient('busybox', 'tftp', '-g', '-r', 'snponly.efi', '-l', fetched, '10.77.0.1');
      await server?.stop();
      expect(server?.log()).toContain('"kind":"served","by":"tftp","name":"snponly.efi","bytes":300001');
    });

    it('a missing file and an upload are refused', async () => {
      await serve(`${CLIENT_MAC}=10.77.0.11`);
      network.assign('10.77.0.11');
      await expect(network.inClient('curl', '-sS', 'tftp://10.77.0.1/autoexec.ipxe')).rejects.toThrow(
        'curl: (68)',
      );
      const upload = ['tftp', '-p', '-l', script, '-r', 'x', '10.77.0.1'];
      await expect(network.inClient('busybox', ...upload)).rejects.toThrow('read-only');
    });
  });
});
