import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { sha256 } from '../../../src/boot/grant.ts';
import { conffsArchive } from '../../../src/boot/host-config.ts';
import { buildConffs } from '../../../src/build/conffs/build-conffs.ts';
import type { ConffsOutcome, ConffsRequest } from '../../../src/build/conffs/conffs.ts';
import type { BuildSite } from '../../../src/build/site.ts';
import { digestHex } from '../../../src/core/artefact.ts';
import { STABLE } from '../../../src/core/image.ts';
import { canonicalJson, type NamedRelease, type NetbootRelease } from '../../../src/core/release.ts';
import { readTar } from '../../../src/wire/read-tar.ts';
import { aHostConfig } from '../../boot/host-config-fixture.ts';
import { aHost, hostName, imageName, mac } from '../../builders.ts';
import { describeWith } from '../../requirements.ts';
import { PLAYBOOK_TOOLS, PlaybookSite } from '../playbook-site.ts';
import { CHANGES } from './changes.ts';

const WEB = imageName('web');
const REASON = 'stage "conffs.yml": task "only one of them" (conffs.yml:29): no disk in db2';

describeWith([...PLAYBOOK_TOOLS, 'tar'], 'files of hosts that playbooks make', () => {
  let folder: PlaybookSite;
  let site: BuildSite & { close(): Promise<void> };
  let named: NamedRelease<NetbootRelease>;
  let outcome: ConffsOutcome;
  const lines: string[] = [];

  const build = (
    stages: readonly string[],
    hosts = 'databases',
    more: Partial<ConffsRequest> = {},
  ): Promise<ConffsOutcome> => {
    lines.length = 0;
    const [, image] = folder.images(...stages);
    const signal = new AbortController().signal;
    const log = (line: string): void => void lines.push(line);
    return buildConffs(
      {
        ...{ image: WEB, hosts, isPart: false, architecture: 'amd64', stages: image.stages },
        ...{ branch: undefined, fresh: false, log, signal, ...more },
      },
      site,
    );
  };

  beforeAll(async () => {
    folder = new PlaybookSite();
    folder.commit({
      'base.yml':
        '- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.file: {path: /usr/share/more/kept/one, state: touch}\n',
      'conffs.yml': CHANGES,
    });
    folder.hosts = ['db1', 'db2', 'db3', 'other'].map((name, index) =>
      aHost({
        name: hostName(name),
        macs: [mac(`52:54:00:00:00:0${index + 1}`)],
        image: name === 'other' ? imageName('base') : WEB,
      }),
    );
    site = await folder.open();
    const first = await folder.plantBase(site);
    const artefact = { digest: first.digest, size: first.size };
    const netboot: NetbootRelease = {
      ...{ schema: 1, output: 'netboot', image: WEB, architecture: 'amd64', builder: 'test' },
      ...{
        kernelVersion: '1',
        kernel: artefact,
        initramfs: artefact,
        layers: [first],
        cmdline: [],
        files: [],
      },
    };
    named = { digest: sha256(Buffer.from(canonicalJson(netboot))), release: netboot };
    await site.catalogue.publish(named, STABLE);
    outcome = await build(['conffs.yml']);
  });

  afterAll(async () => {
    await site.close();
    await folder.remove();
  });

  const layerOf = async (name: string) => {
    const layer = (await site.conffs.layers.index()).find(hostName(name), named.digest);
    if (layer === undefined) throw new Error(`Expected a layer of ${name}`);
    return readTar(await site.conffs.layers.read(layer.archive), { entries: 1000 });
  };

  it('are there for each host that did not fail, and for the others there is a reason', async () => {
    expect(outcome.hosts).toMatchObject([
      { host: 'db1', kind: 'built', release: named.digest },
      { host: 'db2', kind: 'failed', reason: REASON },
      { host: 'db3', kind: 'built', release: named.digest },
    ]);
    expect((await site.conffs.layers.index()).find(hostName('db2'), named.digest)).toBeUndefined();
    expect((await site.conffs.layers.index()).isWanted(hostName('db2'), WEB)).toBe(true);
    expect(await folder.leftovers()).toEqual([]);
  });

  it('are what changed and nothing else: whiteouts, metadata, moved files, no logs, caches or keys', async () => {
    const entries = await layerOf('db1');
    const listed = entries.map((entry) => `${entry.kind} ${entry.mode.toString(8)} ${entry.path}`);
    expect(listed).toEqual([
      'directory 755 etc',
      'file 600 etc/db.conf',
      'hard-link 600 etc/db.link',
      'file 644 etc/hostname',
      'file 604 etc/hosts',
      'directory 755 etc/ssh',
      'file 644 etc/ssh_note',
      'directory 755 srv',
      'directory 755 srv/app',
      'directory 755 srv/app/var',
      'directory 755 srv/app/var/log',
      'file 644 srv/app/var/log/app.log',
      'symlink 777 srv/link',
      'character-device 640 srv/null',
      'file 644 srv/old',
      'fifo 620 srv/pipe',
      'file 4711 srv/setuid',
      'directory 755 usr',
      'directory 755 usr/share',
      'directory 755 usr/share/demo',
      'character-device 0 usr/share/demo/one',
      'directory 755 usr/share/more',
      'character-device 0 usr/share/more/hidden',
      'directory 755 usr/share/more/kept',
      'character-device 0 usr/share/more/kept/one',
      'file 644 usr/share/more/kept/two',
    ]);
    const text = (path: string) => {
      const entry = entries.find((one) => one.path === path);
      return entry?.kind === 'file' ? Buffer.from(entry.content).toString() : undefined;
    };
    expect(text('etc/db.conf')).toBe('db1 True 5432\n');
    expect(text('etc/hostname')).toBe('db1\n');
    expect(entries.find(({ path }) => path === 'srv/old')?.mtime).toBe(1_000_000_000);
  });

  it('unpacked above the layers of the release are exactly what the playbook left', async () => {
    const layer = await layerOf('db1');
    const archive = join(folder.path, 'conffs.tar');
    writeFileSync(archive, conffsArchive(aHostConfig({}, { named, layer })));
    const [conffs, base, merged] = ['u-conffs', 'u-base', 'u-merged'].map((name) => join(folder.path, name));
    if (conffs === undefined || base === undefined || merged === undefined) throw new Error('unreachable');
    for (const path of [conffs, base, merged]) mkdirSync(path);
    execFileSync('tar', ['-x', '-f', archive, '-C', conffs, '--numeric-owner', '--same-permissions']);
    const hex = digestHex(named.release.layers[0].digest);
    const file = join(folder.path, 'data/artefacts/sha256', hex.slice(0, 2), hex);
    await commandRunner.run(['mount', '-t', 'squashfs', '-o', 'loop,ro', file, base]);
    await commandRunner.run([
      'mount',
      '-t',
      'overlay',
      '-o',
      `ro,lowerdir=${conffs}:${base}`,
      'overlay',
      merged,
    ]);
    expect(readdirSync(join(merged, 'usr/share/demo')).sort()).toEqual(['three', 'two']);
    expect(readdirSync(join(merged, 'usr/share/more'))).toEqual(['kept']);
    expect(readdirSync(join(merged, 'usr/share/more/kept'))).toEqual(['two']);
    expect(readFileSync(join(merged, 'etc/hosts'), 'utf8')).toBe('moved\n');
    expect(statSync(join(merged, 'etc/db.conf')).ino).toBe(statSync(join(merged, 'etc/db.link')).ino);
    expect(lstatSync(join(merged, 'srv/pipe')).isFIFO()).toBe(true);
    expect(lstatSync(join(merged, 'srv/setuid')).mode & 0o7777).toBe(0o4711);
    expect(readlinkSync(join(merged, 'srv/link'))).toBe('../db.conf');
    for (const path of [merged, base]) await commandRunner.run(['umount', path]);
  });

  it('are known until the playbook, the host or the release changes', async () => {
    const known = await build(['conffs.yml'], 'databases:!db2');
    expect(known.hosts.map(({ kind }) => kind)).toEqual(['known', 'known']);
    folder.hosts = folder.hosts.map((host) =>
      host.name === 'db3' ? { ...host, variables: { x: 1 } } : host,
    );
    const changed = await build(['conffs.yml'], 'databases:!db2');
    expect(changed.hosts.map(({ kind }) => kind)).toEqual(['known', 'built']);
  });

  it('of nobody, and above layers that are gone, are errors', async () => {
    await expect(build(['conffs.yml'], 'nobody')).rejects.toThrow('pattern "nobody" selects none');
    await expect(build(['conffs.yml'], 'other')).rejects.toThrow('selects none');
    const release: NetbootRelease = {
      ...named.release,
      layers: [{ ...named.release.layers[0], size: named.release.layers[0].size + 1 }],
    };
    await site.catalogue.publish({ digest: sha256(Buffer.from(canonicalJson(release))), release }, STABLE);
    await expect(build(['conffs.yml'])).rejects.toMatchObject({ code: 'integrity' });
    await site.catalogue.publish(named, STABLE);
    const file = site.world.artefacts.pathOf(named.release.layers[0].digest);
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(200) ^ 1, 200);
    chmodSync(file, 0o644);
    writeFileSync(file, bad);
    await expect(build(['conffs.yml'])).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringMatching(/^Cannot mount layer .*: its file is damaged, its digest is sha256:/),
    });
    writeFileSync(file, good);
  });

  it('of some hosts leave the others as they are: those need their layers still', async () => {
    const wanted = async () => {
      const index = await site.conffs.layers.index();
      return ['db1', 'db2', 'db3'].filter((name) => index.isWanted(hostName(name), WEB));
    };
    await build(['conffs.yml'], 'db1', { isPart: true });
    expect(await wanted()).toEqual(['db1', 'db2', 'db3']);
  });

  it('larger than a host may have are refused before they are packed', async () => {
    folder.commit({
      'large.yml':
        '- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: truncate -s 100G /etc/sparse\n',
    });
    const { hosts } = await build(['large.yml'], 'db1');
    expect(hosts).toMatchObject([{ kind: 'failed' }]);
    expect(JSON.stringify(hosts)).toMatch(/bytes, at most 52428800 are allowed/);
  });

  it('see the secrets of their stages, and hold none', async () => {
    const path = join(folder.path, 'token');
    writeFileSync(path, 'correct horse battery');
    const task = `ansible.builtin.shell: cat /run/secrets/token{{ '' if inventory_hostname == 'db1' else '; cat /run/secrets/token > /etc/kept' }}`;
    folder.commit({
      'secret.yml': `- hosts: all\n  gather_facts: false\n  tasks:\n    - ${task}\n      register: x\n    - ansible.builtin.debug: {var: x}\n`,
    });
    const { hosts } = await build(['secret.yml'], 'db1:db3', { secrets: [{ name: 'token', path }] });
    const reason = 'Cannot keep the layer: "/etc/kept" holds secret "token"';
    expect(hosts).toMatchObject([{ kind: 'built' }, { kind: 'failed', reason }]);
    expect(lines.join()).toContain('***');
    expect(lines.join()).not.toContain('battery');
  });
});
