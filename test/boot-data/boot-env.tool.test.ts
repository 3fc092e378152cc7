import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { startFileServer } from './file-server.ts';
import { InitramfsShell } from './initramfs-shell.ts';

const RELEASE = `sha256:${'c'.repeat(64)}`;

function bootEnv(server = 'http://10.77.0.1'): string[] {
  return [
    `BIVOUAC_SERVER=${server}`,
    'BIVOUAC_TOKEN=s3cret',
    'BIVOUAC_HOST=web01',
    'BIVOUAC_BOOT=b1',
    `BIVOUAC_RELEASE=${RELEASE}`,
  ];
}

async function take(lines: readonly string[], program = 'echo "$BIVOUAC_HOST $BIVOUAC_BOOT"') {
  const shell = new InitramfsShell();
  const file = join(shell.run, 'delivered.env');
  if (lines.length > 0) writeFileSync(file, `${lines.join('\n')}\n`);
  const whole = `{ take_boot_env && parse_boot_env "$RUN/boot.env"; } || { echo "FAIL $FAIL_REASON"; exit 1; }\n${program}`;
  return { ...(await shell.sh(whole, { BOOT_ENV_FILE: file })), shell, file };
}

describeWith(['busybox', '/usr/bin/curl'], 'boot.env in the initramfs', () => {
  it('is moved to where only root reads it, and understood', async () => {
    const { code, stdout, shell, file } = await take(bootEnv());
    expect(stdout).toBe('web01 b1\n');
    expect(code).toBe(0);
    expect(existsSync(file)).toBe(false);
    for (const name of ['boot.env', 'authorization']) {
      expect(statSync(join(shell.run, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  it.each([
    ['nothing delivered', [], 'The boot loader gave no '],
    ['a command', [...bootEnv(), 'BIVOUAC_HOST=$(reboot)'], 'characters that do not belong there'],
    ['a second word', [...bootEnv(), 'BIVOUAC_HOST=a b'], 'characters that do not belong there'],
    ['an unknown setting', [...bootEnv(), 'PATH=/tmp'], 'a line that is no known setting'],
    ['a line without a value', [...bootEnv(), 'BIVOUAC_BOOT='], 'empty'],
    ['a missing token', bootEnv().filter((line) => !line.includes('TOKEN')), 'lacks a setting'],
    ['a server that is no URL', bootEnv('10.77.0.1'), 'no http URL'],
  ])('refuses %s', async (_name, lines, reason) => {
    const { code, stdout } = await take(lines);
    expect(stdout).toMatch(/^FAIL /);
    expect(stdout).toContain(reason);
    expect(code).toBe(1);
  });

  it('milestones carry the token in a header, never in an argument, and odd text unharmed', async () => {
    const server = await startFileServer((_, response) => response.writeHead(204).end());
    const { code, curls } = await take(
      bootEnv(server.base),
      `report failed uptime=1.5 "detail=mount: a & b=c 100%"; report switch-root`,
    );
    expect(code).toBe(0);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual(['Bearer s3cret', 'Bearer s3cret']);
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
      milestone: 'failed',
      uptime: '1.5',
      detail: 'mount: a & b=c 100%',
    });
    expect(curls).toHaveLength(2);
    expect(curls.join('\n')).not.toContain('s3cret');
  });

  it('a server that refuses or is away stops no boot', async () => {
    const server = await startFileServer((_, response) => response.writeHead(500).end());
    expect((await take(bootEnv(server.base), 'report healthy || exit 9')).code).toBe(0);
    expect((await take(bootEnv('http://127.0.0.1:1'), 'report healthy || exit 9')).code).toBe(0);
  });
});
