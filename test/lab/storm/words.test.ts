import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifestOf, manifestText } from '../../../src/boot/manifest.ts';
import { bootEnvironment } from '../../../src/boot/script.ts';
import { loadSite } from '../../../src/config/load.ts';
import { digestHex } from '../../../src/core/artefact.ts';
import type { BootId } from '../../../src/core/event.ts';
import { countPhases, newsLine, parseNews, phasesText } from '../../../src/lab/storm/news.ts';
import { probeHosts, stormHosts } from '../../../src/lab/storm/plan.ts';
import { siteFiles } from '../../../src/lab/storm/site-files.ts';
import { parseSize } from '../../../src/lab/storm/size.ts';
import { readBootEnv, readManifest, readScript } from '../../../src/lab/storm/texts.ts';
import { aNamedRelease, artefact, digest, hostName } from '../../builders.ts';

const boot = 'b1' as BootId;

describe('the texts that the server gives to hosts', () => {
  test('the boot script of the templates is understood', () => {
    const text = readFileSync(new URL('../../golden/script-web01.ipxe', import.meta.url), 'utf8');
    const orders = readScript(text);
    expect(orders.kernel).toMatch(/\/artefacts\/sha256\/[0-9a-f]{64}$/);
    expect(orders.initramfs).toMatch(/\/artefacts\/sha256\/[0-9a-f]{64}$/);
    expect(orders.environment).toMatch(/\/boot\/env\?token=/);
  });

  test('boot.env and manifest are understood as the server writes them', () => {
    const base = 'http://10.91.0.1';
    const named = aNamedRelease();
    const host = hostName('web01');
    const env = readBootEnv(bootEnvironment({ base, token: 't', host, boot, release: named.digest }));
    expect(env).toEqual({ server: base, token: 't', host, boot, release: named.digest });
    const text = manifestText(manifestOf({ base, host, boot, named, conffs: artefact('e', 70) }));
    const [layer] = named.release.layers;
    expect(readManifest(text, env)).toEqual([
      {
        kind: 'layer',
        sha256: digestHex(layer.digest),
        size: layer.size,
        url: `${base}/artefacts/sha256/${digestHex(layer.digest)}`,
      },
      { kind: 'conffs', sha256: digestHex(digest('e')), size: 70, url: `${base}/boot/conffs` },
    ]);
    expect(() => readManifest(text.replace('end\n', ''), env)).toThrow('ends early');
  });
});

describe('stormHosts()', () => {
  const all = [...stormHosts({ hosts: 500, stagger: 10 }), ...probeHosts()];

  test('no two share a name, a MAC or an address', () => {
    for (const key of ['name', 'mac', 'address'] as const) {
      const values = all.flatMap((host) => host[key] ?? []);
      expect(new Set(values).size).toBe(values.length);
    }
  });

  test('half have a reservation, of each kind of firmware, and they start one after the other', () => {
    const hosts = stormHosts({ hosts: 8, stagger: 4 });
    const kinds = hosts.map(
      ({ firmware, address }) => `${firmware} ${address === undefined ? 'pool' : 'own'}`,
    );
    expect(new Set(kinds)).toEqual(new Set(['uefi own', 'bios own', 'uefi pool', 'bios pool']));
    expect(hosts.map(({ start }) => start)).toEqual([0, 500, 1000, 1500, 2000, 2500, 3000, 3500]);
  });

  test('refuses a number that the network has no room for', () => {
    expect(() => stormHosts({ hosts: 16_001, stagger: 0 })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });

  test('the site is one that loads without a fault', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-storm-'));
    try {
      const hosts = [...stormHosts({ hosts: 20, stagger: 0 }), ...probeHosts()];
      for (const [path, text] of siteFiles(hosts, resolve(import.meta.dirname, '../../../boot'))) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const result = await loadSite(join(folder, 'bivouac.yml'), { environment: {} });
      expect(result).toMatchObject({ ok: true });
      expect(result.ok && result.site.hosts.length).toBe(hosts.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each([
  ['65536', 65_536],
  ['500KiB', 512_000],
  ['2MiB', 2_097_152],
  ['1GiB', 1_073_741_824],
  ['2MB', undefined],
  ['', undefined],
  ['-1', undefined],
])('parseSize(%j) is %j', (text, size) => {
  expect(parseSize(text)).toBe(size);
});

describe('news', () => {
  test('go through a line and back; other lines are none', () => {
    const news = { kind: 'probe', answers: [1.5], lost: 0 } as const;
    expect(parseNews(newsLine(news))).toEqual(news);
    expect(parseNews('(node:1) Warning: x')).toBeUndefined();
    expect(parseNews('{"kind":"host",')).toBeUndefined();
  });

  test('phases are told in the order of a boot', () => {
    const phases = countPhases([{ phase: 'healthy' }, { phase: 'nbp' }, { phase: 'healthy' }]);
    expect(phasesText(phases)).toBe('1 nbp, 2 healthy');
  });
});
