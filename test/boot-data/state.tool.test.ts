import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { InitramfsShell } from './initramfs-shell.ts';

/** Binds the paths of the kernel arguments; `mount` only says what it would do. */
async function bind(root: (root: string) => void, cmdline: string, head = '') {
  const shell = new InitramfsShell();
  const folder = join(shell.run, 'root');
  mkdirSync(folder);
  root(folder);
  const program = `say() { echo "$1"; }; mount() { shift 2; echo "bind $1 $2" | sed "s|$RUN||g"; }
    mount_partition() { mkdir -p "$2"; }\n${head}
    mount_state ${folder} || { echo "FAIL $FAIL_STAGE: $FAIL_REASON"; exit 1; }`;
  const file = shell.write('cmdline', `quiet ${cmdline}\n`);
  return { ...(await shell.sh(program, { CMDLINE_FILE: file })), shell };
}

describeWith(['root', 'busybox'], 'paths that persist', () => {
  it('begin as in the image: owner, mode and content, and are bound parents first', async () => {
    const { stdout, shell } = await bind((root) => {
      mkdirSync(join(root, 'var/lib/db'), { recursive: true });
      writeFileSync(join(root, 'var/lib/db/seed'), 'x');
      chmodSync(join(root, 'var/lib/db'), 0o750);
      chownSync(join(root, 'var/lib/db'), 105, 110);
    }, 'bivouac.persist=/var/lib/db:/srv:/var');
    expect(stdout.split('\n').filter(Boolean)).toEqual([
      'bind /state/persist/srv /root/srv',
      'bind /state/persist/var /root/var',
      'bind /state/persist/var/lib/db /root/var/lib/db',
    ]);
    const made = statSync(join(shell.run, 'state/persist/var/lib/db'));
    expect([made.mode & 0o7777, made.uid, made.gid]).toEqual([0o750, 105, 110]);
    expect(readFileSync(join(shell.run, 'state/persist/var/lib/db/seed'), 'utf8')).toBe('x');
  });

  it('are what the disk has from then on', async () => {
    const head = 'mkdir -p "$RUN/state/persist/srv"; echo kept >"$RUN/state/persist/srv/file"';
    const { shell } = await bind(
      (root) => {
        mkdirSync(join(root, 'srv'));
        writeFileSync(join(root, 'srv/file'), 'image');
      },
      'bivouac.persist=/srv',
      head,
    );
    expect(readFileSync(join(shell.run, 'state/persist/srv/file'), 'utf8')).toBe('kept\n');
  });

  it('never lead out of the root', async () => {
    const { stdout } = await bind((root) => {
      symlinkSync('/etc', join(root, 'link'));
      writeFileSync(join(root, 'file'), '');
    }, 'bivouac.persist=/link/x:/link:/../x:/file:/a//b:relative:/');
    expect(stdout).not.toContain('bind');
    expect(stdout.match(/WARNING what shall persist does not: .*: it is no absolute path/g)).toHaveLength(7);
  });

  it('run from memory without the partition, unless the image says that this is a failure', async () => {
    const head = "mount_partition() { disk_reason='no partition'; return 1; }";
    const warned = await bind(() => undefined, 'bivouac.persist=/srv', head);
    expect([warned.code, warned.stdout]).toEqual([0, 'WARNING what shall persist does not: no partition\n']);
    expect(warned.shell.read('state.missing')).toBe('no partition\n');
    const failed = await bind(() => undefined, 'bivouac.persist=/srv bivouac.state_missing=fail', head);
    expect([failed.code, failed.stdout]).toEqual([
      1,
      'FAIL state: What shall persist does not: no partition\n',
    ]);
    expect((await bind(() => undefined, '', head)).stdout).toBe('');
  });

  it('come from the partition with the given label', async () => {
    const head = 'mount_partition() { echo "label $1"; mkdir -p "$2"; }';
    expect((await bind(() => undefined, 'bivouac.persist=/srv', head)).stdout).toContain(
      'label bivouac-state\n',
    );
    const other = await bind(() => undefined, 'bivouac.persist=/srv bivouac.state=data', head);
    expect(other.stdout).toContain('label data\n');
  });
});
