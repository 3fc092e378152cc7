import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AnsiblePlaybooks } from '../../src/adapters/ansible/ansible.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { NamespaceRooms } from '../../src/adapters/rooms.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { ansibleSettings } from '../../src/config/ansible.ts';
import type { Host } from '../../src/core/host.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import type { ReleaseLayer } from '../../src/core/release.ts';
import { anImage, imageName } from '../builders.ts';
import { plantBase } from './plant-base.ts';
import { realSite } from './site.ts';

/** What builds with playbooks need. */
export const PLAYBOOK_TOOLS = [
  'root',
  'buildah',
  'mksquashfs',
  'ansible-playbook',
  'git',
  '/usr/bin/python3',
  'busybox',
];

const FIXTURE = join(import.meta.dirname, '../fixtures/playbooks');

/** A repository of playbooks and a data directory in which a small root with Python is known as the base. */
export class PlaybookSite {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-playbooks-'));
  readonly repository = join(this.path, 'repository');
  hosts: readonly Host[] = [];

  constructor() {
    cpSync(FIXTURE, this.repository, { recursive: true });
    this.#git('init', '--initial-branch=master');
    this.commit();
  }

  /** Change a file of the repository, or several, in one commit. */
  commit(files: Readonly<Record<string, string>> = {}): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.repository, name)), { recursive: true });
      writeFileSync(join(this.repository, name), text);
    }
    this.#git('add', '--all');
    this.#git('commit', '--allow-empty', '--message', 'change');
  }

  /** A branch as of now, from which the next commits do not follow. */
  branch(name: string): void {
    this.#git('branch', name);
  }

  /** `trixie` and `web` above it with these stages, for nothing but its layers. */
  images(...stages: readonly string[]): readonly [ImageDefinition, ImageDefinition] {
    const web: ImageDefinition = {
      ...trixie(),
      name: imageName('web'),
      parent: imageName('trixie'),
      outputs: [{ kind: 'files', files: [{ name: 'marker', path: '/etc/marker' }] }],
      stages: stages.map((name) => {
        const [playbook = '', branch] = name.split('@').toReversed();
        return { kind: 'playbook', name, playbook, ...(branch === undefined ? {} : { branch }) };
      }),
    };
    return [trixie(), web];
  }

  async open(): Promise<BuildSite & { close(): Promise<void> }> {
    const site = await realSite(join(this.path, 'data'));
    const settings = ansibleSettings({ repository: this.repository }, this.path);
    const directory = join(this.path, 'data/playbooks');
    const options = { settings, images: this.path, directory, commands: commandRunner };
    const playbooks = {
      ansible: new AnsiblePlaybooks(options),
      rooms: new NamespaceRooms(commandRunner),
      hosts: () => Promise.resolve(this.hosts),
      trees: new Map(),
    };
    return { ...site, world: { ...site.world, playbooks } };
  }

  /** Make the result of the bootstrap known: a root with Python, of this machine's own files. */
  async plantBase(site: BuildSite): Promise<ReleaseLayer> {
    return await plantBase(trixie(), site, pythonRoot);
  }

  async leftovers(): Promise<readonly string[]> {
    const mounts = await mountPointsBelow(this.path);
    return mounts.filter((point) => !point.endsWith('/root/overlay'));
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }

  #git(...args: readonly string[]): void {
    const identity = [
      '-c',
      'user.name=Test',
      '-c',
      'user.email=test@localhost',
      '-c',
      'commit.gpgsign=false',
    ];
    execFileSync('git', [...identity, ...args], { cwd: this.repository, stdio: 'ignore' });
  }
}

function trixie(): ImageDefinition {
  const { parent: _parent, kernel: _kernel, ...image } = anImage({ name: imageName('trixie') });
  return image;
}

const FOLDERS = [
  'bin',
  'etc',
  'dev',
  'proc',
  'run',
  'sys',
  'tmp',
  'usr/sbin',
  'usr/bin',
  'usr/share/demo',
  'usr/share/more/kept',
  'var/tmp',
  'root',
];
const UNUSED =
  /\/(?:test|idlelib|tkinter|lib2to3|ensurepip|distutils|pydoc_data|config-[^/]*|__pycache__|dist-packages)$/;

/** Busybox and the Python of this machine: 30 MB, made in a second or two, where a Debian root takes a minute. */
async function pythonRoot(root: string): Promise<void> {
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  const { stdout } = await commandRunner.run([
    '/usr/bin/python3',
    '-c',
    'import sysconfig; print(sysconfig.get_path("stdlib"))',
  ]);
  const library = stdout.trim();
  const version = library.split('/').at(-1) ?? '';
  cpSync(library, join(root, library), { recursive: true, filter: (path) => !UNUSED.test(path) });
  const extensions = execFileSync('find', [join(library, 'lib-dynload'), '-name', '*.so'], {
    encoding: 'utf8',
  });
  const programs = ['/bin/busybox', `/usr/bin/${version}`, ...extensions.trim().split('\n')];
  const listed = await commandRunner.run(['ldd', ...programs]).catch(() => ({ stdout: '' }));
  const libraries = [...listed.stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
  for (const path of new Set([...programs.slice(0, 2), ...libraries])) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  symlinkSync(version, join(root, 'usr/bin/python3'));
  for (const tool of [
    'sh',
    'cat',
    'echo',
    'mkdir',
    'rm',
    'sleep',
    'chmod',
    'mv',
    'touch',
    'ln',
    'mknod',
    'mkfifo',
    'hostname',
    'su',
    'cp',
    'truncate',
  ]) {
    symlinkSync('busybox', join(root, 'bin', tool));
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  for (const name of ['demo/one', 'demo/two', 'demo/three', 'more/hidden', 'more/kept/one']) {
    writeFileSync(join(root, 'usr/share', name), name);
  }
}
