import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { NamespaceNetworks } from '../../src/adapters/lab-network.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { probeAccelerator } from '../../src/adapters/qemu-accelerator.ts';
import { type State } from '../../src/adapters/state.ts';
import { bootEnvironment } from '../../src/boot/script.ts';
import { followBoot } from '../../src/cli/lab/follow.ts';
import { startServer } from '../../src/cli/lab/server-process.ts';
import type { Site } from '../../src/config/site.ts';
import { macWithDashes } from '../../src/core/address.ts';
import { type Digest, digestHex } from '../../src/core/artefact.ts';
import type { BootId } from '../../src/core/event.ts';
import type { Host } from '../../src/core/host.ts';
import type { Timeline } from '../../src/fleet/timeline.ts';
import { inNetwork, labNetwork } from '../../src/lab/network.ts';
import type { LabNetwork } from '../../src/ports/lab-network.ts';
import type { PoweredHost, VirtualHost } from '../../src/ports/virtual-host.ts';
import { packCpio } from '../../src/wire/cpio.ts';
import { signatureHeader } from '../../src/wire/signature.ts';
import { guestOf } from './guest.ts';
import { consoleSays, makeDisk, startOf, writeDisk } from './local-disk.ts';
import { DATA, type LabSite, ROOT } from './site.ts';

/** Long, as machines that emulate others while they are busy are slow. */
const SECONDS = 900;

/** Nothing that a person may see has it. */
export const FORGED_TOKEN = 't0ken-that-nobody-sees';

/** What was seen. */
export interface Played {
  /** What the console said while the server was there, and while it was not. */
  readonly served: string;
  readonly alone: string;
  readonly forged: string;
  readonly timeline: Timeline;
  readonly findings: Readonly<Record<string, string>>;
}

/** What the play needs. */
export interface Ground {
  readonly folder: string;
  readonly lab: LabSite;
  readonly site: Site;
  readonly state: State;
}

/** The whole play, in its order. */
export class Play {
  readonly #ground: Ground;
  readonly #network: LabNetwork;
  readonly #cache: string;
  readonly #persistent: string;
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(ground: Ground) {
    this.#ground = ground;
    const [{ subnet, serverAddress }] = ground.site.policy.subnets;
    this.#network = labNetwork({ name: 'disk', subnet, serverAddress, hosts: 2 });
    this.#cache = join(ground.folder, 'cache.img');
    this.#persistent = join(ground.folder, 'state.img');
  }

  async run(): Promise<Played> {
    await makeDisk(this.#cache, 'bivouac-cache', 700);
    await makeDisk(this.#persistent, 'bivouac-state', 64);
    try {
      return await this.#acts();
    } finally {
      for (const end of this.#ends.toReversed()) await end();
    }
  }

  async #acts(): Promise<Played> {
    const networks = new NamespaceNetworks(commandRunner);
    await networks.create(this.#network);
    this.#ends.push(() => networks.destroy(this.#network));
    const server = await this.#startServer();
    const forged = this.#bootForged();
    forged.catch(() => undefined);
    const first = await this.#powerOn('web01', { disks: [this.#cache, this.#persistent] });
    const served = await consoleSays(first, /switching to it/, SECONDS);
    const { reported, text } = await forged;
    await first.powerOff();
    await server.stop();

    await writeDisk(this.#persistent, '/persist/srv/note', 'of the first boot');
    const start = await startOf(this.#cache, join(this.#ground.folder, 'start'));
    const since = Date.now();
    const second = await this.#powerOn('web01', { disks: [this.#cache, this.#persistent], start });
    await consoleSays(second, /booting what the disk keeps/, SECONDS);
    await this.#startServer();
    const alone = await consoleSays(second, /switching to it/, SECONDS);
    const timeline = await this.#follow(second, since);
    const findings = { reported, ...(await this.#findings()) };
    return { served, alone, forged: text, timeline, findings };
  }

  #startServer() {
    const { site, folder } = this.#ground;
    const starting = startServer({ site, network: this.#network, directory: folder });
    this.#ends.push(async () => (await starting).stop());
    return starting;
  }

  async #powerOn(name: string, how: Pick<VirtualHost, 'disks' | 'start'>): Promise<PoweredHost> {
    const accelerator = await probeAccelerator(commandRunner);
    const machines = new QemuHosts({ commands: commandRunner, accelerator, directory: this.#ground.folder });
    const host = this.#host(name);
    const tap = this.#network.taps[name === 'web01' ? 0 : 1] ?? '';
    const machine = {
      name: host.name,
      mac: host.macs[0],
      firmware: 'bios',
      memoryMiB: 512,
      cpus: 1,
      tap,
    } as const;
    const powered = await machines.powerOn({ ...machine, ...how }, this.#network);
    this.#ends.push(() => powered.powerOff());
    return powered;
  }

  #host(name: string): Host {
    const host = this.#ground.site.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`Host ${name} is not defined`);
    return host;
  }

  /** web02, whose server is one that changed a word of a manifest that our key signed. */
  async #bootForged(): Promise<{ readonly text: string; readonly reported: string }> {
    const { folder, state } = this.#ground;
    const { publications } = await state.catalogue.current();
    const release = publications.find(({ image }) => image === 'web')?.release;
    if (release?.output !== 'netboot') throw new Error('Image web is not published');
    const signer = await state.signingKeys.current();
    const good = Buffer.from('bivouac-manifest 1\nhost web02\n');
    const signature = signatureHeader({ keyId: signer.keyId, signature: await signer.sign(good) });
    const manifest = join(folder, 'forged-manifest');
    writeFileSync(manifest, good.toString().replace('web02', 'web01'));
    const log = join(folder, 'forged.log');
    writeFileSync(log, '');
    const program = join(ROOT, 'test/e2e/forged-server.program.ts');
    const argv = [process.execPath, program, '8099', manifest, signature, log] as const;
    const forger = await commandRunner.start([...inNetwork(this.#network), ...argv], { tethered: true });
    this.#ends.push(() => forger.stop());
    const part = (digest: Digest) =>
      join(DATA, 'artefacts/sha256', digestHex(digest).slice(0, 2), digestHex(digest));
    const environment = bootEnvironment({
      base: 'http://10.77.0.1:8099',
      token: FORGED_TOKEN,
      host: 'web02',
      boot: 'b1' as BootId,
      release: release.kernel.digest,
    });
    const archive = packCpio([
      { path: 'etc/bivouac/boot.env', mode: 0o400, content: Buffer.from(environment) },
    ]);
    const initramfs = join(folder, 'forged-initramfs');
    writeFileSync(initramfs, Buffer.concat([archive, readFileSync(part(release.initramfs.digest))]));
    const cmdline = `console=ttyS0 BOOTIF=01-${macWithDashes(this.#host('web02').macs[0])} bivouac.on_failure=retry bivouac.debug`;
    const host = await this.#powerOn('web02', {
      start: { kernel: part(release.kernel.digest), initramfs, cmdline },
    });
    const text = await consoleSays(host, /FAILED [^\n]*\n[^]*Trying again/, SECONDS);
    await host.powerOff();
    return { text, reported: readFileSync(log, 'utf8') };
  }

  async #follow(powered: PoweredHost, since: number): Promise<Timeline> {
    const { events } = this.#ground.state;
    const { signal } = new AbortController();
    const say = (line: string): void => console.log(line);
    return await followBoot({
      host: this.#host('web01'),
      powered,
      events,
      since,
      limit: SECONDS,
      say,
      signal,
    });
  }

  async #findings(): Promise<Readonly<Record<string, string>>> {
    const { lab } = this.#ground;
    const guest = guestOf(this.#host('web01'), { network: this.#network }, lab);
    return {
      name: await guest.shell('hostname'),
      secret: await guest.shell('stat -c %a /etc/bivouac-demo/secret.conf'),
      mounted: await guest.shell('for path in /srv /var/lib/shop; do findmnt -no TARGET "$path"; done'),
      state: await guest.shell('cat /srv/note'),
      cacheMounted: await guest.shell('findmnt -rno TARGET LABEL=bivouac-cache || true'),
    };
  }
}
