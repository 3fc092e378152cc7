import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/checks/project-files.ts';
import { commandRunner, systemPath } from '../../src/adapters/command.ts';
import { AptMirror } from '../../src/adapters/mirror.ts';
import { describeWith } from '../requirements.ts';

const BASE = 'localhost/bivouac-test-base';
const IMAGE = 'localhost/bivouac-test';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const minute = 60_000;
// What a machine needs besides to reach its registry and its mirror, such as a proxy.
const environment = { ...processEnvironment(), PATH: systemPath() };

describeWith(['root', 'buildah', 'mmdebstrap', 'npm'], 'the Dockerfile', () => {
  let directory = '';

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bivouac-docker-'));
    await importBase();
    const registry = (await run(['npm', 'config', 'get', 'registry'])).trim();
    await buildah([
      ...['build', '--isolation', 'chroot', '--layers=false', '--format', 'oci', '--tag', IMAGE],
      ...['--build-arg', `BASE=${BASE}`, '--build-arg', `NPM_REGISTRY=${registry}`, PROJECT_ROOT],
    ]);
  }, 20 * minute);

  afterAll(async () => {
    await buildah(['rm', '--all']);
    rmSync(directory, { recursive: true, force: true });
  });

  test('an image of it checks a configuration', async () => {
    // As the README has it: the example beside the folders, without the demo's hosts.
    const site = 'cp deploy/bivouac.yml . && rm -r hosts/web0* && bivouac check';
    expect(await inImage(['sh', '-ec', site])).toContain('/opt/bivouac/bivouac.yml: no faults');
  });

  test('its program is the entry point, and knows its version', async () => {
    const config = await buildah([
      'inspect',
      '--type',
      'image',
      '--format',
      '{{.OCIv1.Config.Entrypoint}}',
      IMAGE,
    ]);
    expect(config.trim()).toBe('[bivouac]');
    expect((await inImage(['bivouac', '--version'])).trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('it brings Node.js 24 and the tools for building, and no development packages', async () => {
    expect(await inImage(['node', '--version'])).toMatch(/^v24\./);
    for (const tool of ['buildah', 'mmdebstrap', 'mksquashfs', 'ssh-keygen']) {
      expect(await inImage(['sh', '-c', `command -v ${tool}`])).toContain(tool);
    }
    expect(await inImage(['ls', '/opt/bivouac/node_modules'])).not.toMatch(/^(?:vitest|typescript)$/m);
  });

  async function importBase(): Promise<void> {
    const sources = await new AptMirror(commandRunner).sources('trixie');
    const container = (await buildah(['from', 'scratch'])).trim();
    const root = (await buildah(['mount', container])).trim();
    const lines = sources.filter((line) => / trixie /.test(line));
    await run(['mmdebstrap', '--variant=apt', 'trixie', root, ...lines]);
    // A machine behind a proxy of its own trusts certificates that no distribution brings.
    if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, join(root, 'etc/certificates-of-this-machine.crt'));
    await buildah([
      'config',
      '--env',
      'NODE_EXTRA_CA_CERTS=/etc/certificates-of-this-machine.crt',
      container,
    ]);
    await buildah(['commit', '--rm', container, BASE]);
  }

  async function inImage(argv: readonly string[]): Promise<string> {
    const container = (await buildah(['from', IMAGE])).trim();
    return await buildah(['run', '--isolation', 'chroot', container, '--', ...argv]);
  }

  function buildah(args: readonly string[]): Promise<string> {
    const storage = [
      '--root',
      join(directory, 'root'),
      '--runroot',
      join(directory, 'run'),
      '--storage-driver',
      'overlay',
    ];
    return run(['buildah', ...storage, ...args]);
  }
});

async function run([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { stdout } = await commandRunner.run([program, ...args], {
    environment,
    timeout: 15 * minute,
    tethered: true,
  });
  return stdout;
}

function processEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value ? [[key, value]] : [])),
  );
}
