import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { InitramfsShell } from './initramfs-shell.ts';

async function withArguments(line: string, program: string): Promise<string> {
  const shell = new InitramfsShell();
  return (await shell.sh(program, { CMDLINE_FILE: shell.write('cmdline', `${line}\n`) })).stdout;
}

describeWith(['busybox'], 'kernel arguments in the initramfs', () => {
  it.each([
    ['quiet BOOTIF=01-52-54-00-AB-cd-01 x', '52:54:00:ab:cd:01'],
    ['quiet', ''],
    ['BOOTIF=01-52-54-00-ab-cd', ''],
  ])('the card of "%s" is "%s"', async (line, mac) => {
    expect(await withArguments(line, 'boot_mac')).toBe(mac);
  });

  it.each([
    ['', 'retry'],
    ['bivouac.on_failure=shell', 'shell'],
    ['bivouac.on_failure=shell bivouac.on_failure=reboot', 'reboot'],
    ['bivouac.on_failure=format', 'retry'],
  ])('the policy of "%s" is "%s"', async (line, policy) => {
    expect(await withArguments(line, 'failure_policy')).toBe(policy);
  });

  it.each([
    ['', '10'],
    ['bivouac.tries=3', '3'],
    ['bivouac.tries=12 bivouac.tries=100 bivouac.tries=0 bivouac.tries=x', '12'],
  ])('the tries of "%s" are %s', async (line, tries) => {
    expect(await withArguments(line, 'tries_wanted; printf %s "$FETCH_TRIES"')).toBe(tries);
  });

  it('retries five rounds with growing pauses, then reboots', async () => {
    const program = `BIVOUAC_SERVER=x
      sleep() { echo "pause $1"; }
      reboot() { echo "reboot $*"; exit 0; }
      fail network 'No link' http://x/y
      for round in 1 2 3 4 5; do handle_failure "$round"; done`;
    const pauses = [10, 20, 40, 80].map((seconds) => `pause ${seconds}\n`).join('');
    expect(await withArguments('', program)).toBe(`${pauses}pause 10\nreboot -f\n`);
  });
});

describeWith(['busybox'], 'the memory check of the initramfs', () => {
  const rows = `layer ${'a'.repeat(64)} 100000000 http://x\nconffs ${'c'.repeat(64)} 1000000 http://x\n`;

  async function check(kibibytes: number): Promise<string> {
    const shell = new InitramfsShell();
    const MEMINFO_FILE = shell.write('meminfo', `MemTotal: 1 kB\nMemAvailable: ${kibibytes} kB\n`);
    const plan = shell.write('plan', rows);
    return (await shell.sh(`check_memory ${plan} && echo fits || echo "$FAIL_REASON"`, { MEMINFO_FILE }))
      .stdout;
  }

  it('counts layers, conffs twice and a reserve', async () => {
    expect(await check(165_146)).toBe('fits\n');
    expect(await check(165_000)).toBe('The root needs 162 MiB of memory, 161 MiB are free\n');
  });
});
