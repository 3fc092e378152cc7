import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeWith } from '../../requirements.ts';
import { errorOf } from '../build-test.ts';
import { STAGE_TOOLS, StageFolder } from './stage-folder.ts';

const TOKEN = 'tok3n-of-a-st4ge';

/** A kernel by dpkg's database, and a `/toslash` of its own with a folder that overlayfs cannot rename. */
function fillBase(root: string): void {
  for (const name of ['etc/apt/preferences.d', 'var/lib/dpkg', 'toslash/base/deep'])
    mkdirSync(join(root, name), { recursive: true });
  symlinkSync('/srv', join(root, 'opt'));
  const kernel = ['Package: linux-image-6.12-amd64', 'Status: install ok installed', 'Architecture: amd64'];
  writeFileSync(join(root, 'var/lib/dpkg/status'), `${kernel.join('\n')}\nVersion: 6.12.48-1\n`);
  writeFileSync(join(root, 'toslash/base/deep/file'), 'from the base', { mode: 0o604 });
  execFileSync('setfattr', ['--name', 'user.kept', '--value', 'yes', join(root, 'toslash/base/deep/file')]);
  utimesSync(join(root, 'etc/apt/preferences.d'), 1000, 1000);
}

/** What the stage left in `/toslash`, as the layer has it. */
function expectMoved(layer: string): void {
  const at = (name: string) => lstatSync(join(layer, name));
  const hosts = at('etc/hosts');
  expect([hosts.uid, hosts.gid, hosts.mode & 0o7777, hosts.nlink]).toEqual([123, 456, 0o2640, 2]);
  expect(at('new/hosts').ino).toBe(hosts.ino);
  expect([at('new').uid, at('new').gid, at('new').mode & 0o7777]).toEqual([5, 6, 0o711]);
  expect(readlinkSync(join(layer, 'etc/resolv.conf'))).toBe('../run/resolv.conf');
  expect(readFileSync(join(layer, '.hidden'), 'utf8')).toBe('hidden\n');
  const moved = join(layer, 'base/deep/file');
  expect([readFileSync(moved, 'utf8'), statSync(moved).mode & 0o777]).toEqual(['from the base', 0o604]);
  const attribute = execFileSync(
    'getfattr',
    ['--absolute-names', '--only-values', '--name', 'user.kept', moved],
    {
      encoding: 'utf8',
    },
  );
  expect(attribute).toBe('yes');
  expect(at('toslash').isCharacterDevice()).toBe(true); // a whiteout: the base had one
}

describeWith(STAGE_TOOLS, 'stages for real', () => {
  const folder = new StageFolder();

  afterAll(() => folder.remove());

  it('have hooks around them, see secrets, and leave none of it', async () => {
    const token = folder.write('secret/token', `${TOKEN}\n`);
    const binary = folder.write('secret/binary', '\0\xff\n\n% binary');
    folder.write(
      'one.sh',
      `
      test "$(stat -c '%a %u' /run/secrets/token)" = "400 0"
      grep -q ' /run/secrets tmpfs ro,' /proc/mounts
      if echo > /run/secrets/more; then exit 8; fi
      if env | grep -q 'st[4]ge' || cat /proc/[0-9]*/cmdline | grep -q 'st[4]ge'; then exit 9; fi
      echo "token $(cat /run/secrets/token)"
      cp /run/secrets/binary /srv/copied-and-removed
      stat -c %s /srv/copied-and-removed
      rm /srv/copied-and-removed
      grep -q '^Package: linux-image-6.12-amd64$' /etc/apt/preferences.d/00-bivouac-kernel
      mkdir -p /toslash/etc /toslash/opt /toslash/new
      echo 127.0.0.1 moved > /toslash/etc/hosts
      chown 123:456 /toslash/etc/hosts
      chmod 2640 /toslash/etc/hosts
      ln /toslash/etc/hosts /toslash/new/hosts
      ln -s ../run/resolv.conf /toslash/etc/resolv.conf
      chown 5:6 /toslash/new
      chmod 0711 /toslash/new
      echo hidden > /toslash/.hidden
      echo below > /toslash/opt/below
      echo done > /srv/done
      `,
    );
    folder.write('before.sh', 'echo "$BIVOUAC_HOOK $BIVOUAC_STAGE" > /srv/hooks; test -r /run/secrets/token');
    folder.write(
      'after',
      '#!/bin/busybox sh\nset -e; test -e /srv/done; echo "$BIVOUAC_HOOK $0" >> /srv/hooks',
    );
    const hooks = { before: 'before.sh', after: 'after' };
    const keys = { stages: ['one.sh'], hooks, secrets: { token, binary } };
    const outcome = await folder.build(keys, fillBase);
    const layer = await folder.layer(outcome, 1);
    expect(readFileSync(join(layer, 'srv/done'), 'utf8')).toBe('done\n');
    expect(readFileSync(join(layer, 'srv/hooks'), 'utf8')).toBe('before one.sh\nafter /run/bivouac-stage\n');
    expect(existsSync(join(layer, 'run/secrets'))).toBe(false);
    expect(folder.lines).toContain('    token ***');
    expect(folder.lines.join()).not.toContain(TOKEN);
    expect(lstatSync(join(layer, 'srv')).isDirectory()).toBe(true);
    expect(await folder.leftovers()).toEqual([]);

    expectMoved(layer);
    expect(readFileSync(join(layer, 'srv/below'), 'utf8')).toBe('below\n');
    expect(existsSync(join(layer, 'etc/apt/preferences.d/00-bivouac-kernel'))).toBe(false);
    expect(statSync(join(layer, 'etc/apt/preferences.d')).mtimeMs).toBe(1_000_000);

    folder.write('two.sh', 'cat /run/secrets/token > /srv/kept');
    const error = await errorOf(folder.build({ ...keys, hooks: {}, stages: ['one.sh', 'two.sh'] }, fillBase));
    expect(error).toMatchObject({
      message: expect.stringContaining(
        'stage "two.sh" failed: Cannot keep the layer: "/srv/kept" holds secret "token"',
      ) as string,
    });
    expect(await folder.leftovers()).toEqual([]);

    folder.write('three.sh', 'echo waiting; sleep 3597 & while :; do sleep 1; done');
    const stalled = folder.build({ stages: ['three.sh'] }, fillBase, 2000);
    expect(await errorOf(stalled)).toMatchObject({
      message: expect.stringMatching(
        /^Cannot build image "demo": stage "three.sh" failed: no progress for 2 s .*: waiting$/,
      ) as string,
      remedy: expect.stringContaining('"time_limit"') as string,
    });
    expect(execFileSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' })).not.toContain('sleep 3597');
    expect(await folder.leftovers()).toEqual([]);
  });
});
