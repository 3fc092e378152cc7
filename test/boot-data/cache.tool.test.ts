import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { Disk, sum } from './disk-fixture.ts';

describeWith(['busybox', 'sha256sum', '/usr/bin/curl'], 'layers on the local disk', () => {
  const layer = randomBytes(200_000);

  it('are taken when they are right', async () => {
    const disk = new Disk();
    disk.keep(layer, 60);
    const file = join(disk.shell.run, 'images', sum(layer));
    const { code, stdout } = await disk.run(`cache_take ${sum(layer)} ${layer.length} ${file}`);
    expect(code, stdout).toBe(0);
    expect(readFileSync(file).equals(layer)).toBe(true);
    expect(Date.now() - statSync(join(disk.cache, 'files', sum(layer))).mtimeMs).toBeLessThan(60_000);
  });

  it.each([
    ['a changed byte', (good: Buffer) => Buffer.concat([Buffer.from('x'), good.subarray(1)])],
    ['a lost end', (good: Buffer) => good.subarray(0, 100_000)],
    ['nothing in it', () => Buffer.alloc(0)],
  ])('are dropped with %s, and nothing of them is used', async (_name, damage) => {
    const disk = new Disk();
    const kept = disk.keep(damage(layer), 0, sum(layer));
    const file = join(disk.shell.run, 'images', sum(layer));
    const { code } = await disk.run(`cache_take ${sum(layer)} ${layer.length} ${file}`);
    expect(code).toBe(1);
    expect(existsSync(kept) || existsSync(file) || existsSync(`${file}.disk`)).toBe(false);
  });

  it('are kept once, whole, and bounded: what was not used for longest goes, what this boot needs stays', async () => {
    const disk = new Disk();
    const needed = randomBytes(700_000);
    const [old, newer] = [randomBytes(700_000), randomBytes(700_001)];
    disk.keep(needed, 99);
    disk.keep(old, 50);
    disk.keep(newer, 10);
    disk.shell.write('plan', `layer ${sum(needed)} 1 http://h/x\n`);
    const image = disk.shell.write(`images/${sum(layer)}`, layer);
    const program = `CACHE_RESERVE_KIB=0; cache_keep ${sum(layer)} ${image}`;
    const { code, stdout } = await disk.run(program, 'bivouac.cache_size=2');
    expect(code, stdout).toBe(0);
    const files = readdirSync(join(disk.cache, 'files'));
    expect(files.toSorted()).toEqual([sum(needed), sum(newer), sum(layer)].toSorted());
    expect(readFileSync(join(disk.cache, 'files', sum(layer))).equals(layer)).toBe(true);
  });

  it('are not kept where there is no room, and that is said', async () => {
    const disk = new Disk();
    const image = disk.shell.write(`images/${sum(layer)}`, layer);
    const { stdout } = await disk.run(
      `say() { echo "$1"; }; cache_keep ${sum(layer)} ${image}`,
      'bivouac.cache_size=1',
    );
    expect(stdout).toBe('disk: no room for 1 MiB\n');
    expect(readdirSync(join(disk.cache, 'files'))).toEqual([]);
  });

  it('a partition that is not there costs a message and no boot', async () => {
    const disk = new Disk();
    const program = `say() { echo "$1"; }; findfs() { return 1; }; load_drivers() { :; }; CACHE=''; open_cache; echo "[$CACHE]"`;
    const { code, stdout } = await disk.run(program, 'bivouac.cache=bivouac-cache', { DISK_SECONDS: '1' });
    expect([code, stdout]).toEqual([
      0,
      'disk: no partition labelled bivouac-cache appeared in 1 s; going on without it\n[]\n',
    ]);
    expect((await disk.run(program, '')).stdout).toBe('[]\n');
    expect((await disk.run(program, 'bivouac.cache=a/b')).stdout).toContain('no label of a partition');
  });
});
