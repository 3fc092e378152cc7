import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commandRunner } from '../../adapters/command.ts';
import { NamespaceNetworks } from '../../adapters/lab-network.ts';
import { QemuHosts } from '../../adapters/qemu.ts';
import { probeAccelerator } from '../../adapters/qemu-accelerator.ts';
import type { Site } from '../../config/site.ts';
import type { Host } from '../../core/host.ts';
import { firmwareKind } from '../../lab/firmware.ts';
import { labNetwork } from '../../lab/network.ts';
import { DEFAULT_MEMORY_MIB } from '../../lab/qemu-arguments.ts';
import type { LabNetwork } from '../../ports/lab-network.ts';
import type { LabFirmware, PoweredHost } from '../../ports/virtual-host.ts';
import { Parts } from './parts.ts';
import { startServer } from './server-process.ts';

/** A host of the site and the firmware that its virtual machine gets. */
export interface LabHost {
  readonly host: Host;
  readonly firmware: LabFirmware;
  /** 512 unless given. */
  readonly memoryMiB?: number;
}

/** What a lab is made for. */
export interface LabOptions {
  /** Part of the namespace's name. */
  readonly name: string;
  readonly site: Site;
  readonly hosts: readonly LabHost[];
  readonly say: (line: string) => void;
}

/** A network with a server and virtual hosts that are switched on. */
export interface Lab {
  readonly network: LabNetwork;
  readonly powered: readonly PoweredHost[];
  /** Remove all of it, hosts first. Must be called in the end. */
  stop(): Promise<void>;
}

/** Make the network, start the server in it, and switch the hosts on. Leaves nothing behind when it fails. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { name, site, hosts, say } = options;
  const [{ subnet, serverAddress }] = site.policy.subnets;
  const network = labNetwork({ name, subnet, serverAddress, hosts: hosts.length });
  const directory = join(site.directories.data, 'lab');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const parts = new Parts();
  try {
    const networks = new NamespaceNetworks(commandRunner);
    await networks.create(network);
    parts.add(() => networks.destroy(network));
    say(`network  ${network.namespace} (namespace), server at ${serverAddress}`);
    const server = await startServer({ site, network, directory });
    parts.add(() => server.stop());
    say(`server   DHCP, TFTP and HTTP answer; log in ${join(directory, 'server.log')}`);
    const accelerator = await probeAccelerator(commandRunner);
    say(`machine  ${accelerator.kind.toUpperCase()}: ${accelerator.reason}`);
    const machines = new QemuHosts({ commands: commandRunner, accelerator, directory });
    const powered: PoweredHost[] = [];
    for (const [index, labHost] of hosts.entries()) {
      const host = await machines.powerOn(virtualHost(labHost, network.taps[index] ?? ''), network);
      parts.add(() => host.powerOff());
      powered.push(host);
      say(
        `${labHost.host.name}    switched on: ${firmwareKind(labHost.firmware).title}, ${host.host.memoryMiB} MiB`,
      );
    }
    return { network, powered, stop: () => parts.remove() };
  } catch (error) {
    await parts.remove();
    throw error;
  }
}

function virtualHost(
  { host, firmware, memoryMiB = DEFAULT_MEMORY_MIB }: LabHost,
  tap: string,
): PoweredHost['host'] {
  return { name: host.name, mac: host.macs[0], firmware, memoryMiB, cpus: 1, tap };
}
