import { afterEach, expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { type Mac, macWithDashes } from '../../src/core/address.ts';
import type { Digest } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import { aNamedRelease } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients } from './dhcp-client.ts';
import { ask, askApi } from './http-client.ts';
import { bivouac, ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite, writeHost } from './site.ts';

const MAC = '52:54:00:aa:bb:01' as Mac;
const [OLD, NEW] = [aNamedRelease({}, 'd'), aNamedRelease({ kernelVersion: '6.99' }, 'e')];

describeWith(['root', 'setpriv'], 'a rollback while a server serves', () => {
  let site: DaemonSite;
  let server: ServerProcess | undefined;
  let clients: DhcpClients | undefined;

  afterEach(async () => {
    clients?.close();
    await server?.kill();
    site.remove();
  });

  async function publish(): Promise<void> {
    const loaded = siteOrThrow(await loadSite(site.config, { environment: {} }));
    const state = await openState(site.data, () => loaded);
    for (const release of [OLD, NEW]) await state.catalogue.publish(release, STABLE);
    await state.close();
  }

  /** The release that the next boot of the host is given. */
  async function nextRelease(): Promise<string | undefined> {
    const { text } = await ask(site, `/boot/script/${macWithDashes(MAC)}`, { from: site.at(9, 1) });
    return /sha256:[0-9a-f]{64}/.exec(text)?.[0];
  }

  test('the next boot script names the old release, by the command line and by HTTP', async () => {
    site = makeSite();
    writeHost(site, 'web01', `mac: ${MAC}\naddress: ${site.at(9, 1)}\nimage: web\n`);
    await publish();
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
    expect(await clients.lease(MAC)).toBe(site.at(9, 1));
    expect(await nextRelease()).toBe(NEW.digest);
    const told = await bivouac(site, 'channel', 'rollback', 'web', '--reason', 'it is broken');
    expect(told).toContain('web stable amd64: sha256:eeeeeeeeeeee → sha256:dddddddddddd');
    expect(await nextRelease()).toBe(OLD.digest);

    const put = (release: Digest) =>
      askApi(site, '/channels/web/stable', { method: 'PUT', json: { release, reason: 'mended' } });
    expect((await put(NEW.digest)).status).toBe(200);
    expect(await nextRelease()).toBe(NEW.digest);
    const back = await askApi(site, '/channels/web/stable/rollback', { method: 'POST', json: {} });
    expect(JSON.parse(back.text)).toMatchObject({ moves: [{ kind: 'move', to: OLD.digest }] });
    expect(await nextRelease()).toBe(OLD.digest);

    const history = JSON.parse((await askApi(site, '/channels/web/stable/history')).text) as {
      action: string;
      actor: string;
      reason: string;
    }[];
    expect(history.map(({ action, reason }) => [action, reason])).toEqual([
      ['rollback', ''],
      ['set', 'mended'],
      ['rollback', 'it is broken'],
      ['build', ''],
      ['build', ''],
    ]);
    expect(history[1]?.actor).toMatch(/^admin at 127\./);
    expect(server.complaints).toEqual([]);
  });
});
