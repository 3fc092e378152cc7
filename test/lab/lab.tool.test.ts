import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { NamespaceNetworks } from '../../src/adapters/lab-network.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { probeAccelerator, runTestGuest } from '../../src/adapters/qemu-accelerator.ts';
import { parseIpv4, parseMac, parseSubnet } from '../../src/core/address.ts';
import { parseHostName } from '../../src/core/host.ts';
import { type Accelerator, PROBE_SECONDS } from '../../src/lab/accelerator.ts';
import { inNetwork, labNetwork } from '../../src/lab/network.ts';
import { DEFAULT_MEMORY_MIB } from '../../src/lab/qemu-arguments.ts';
import type { LabFirmware, PoweredHost, VirtualHost } from '../../src/ports/virtual-host.ts';
import { describeWith } from '../requirements.ts';

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const minute = 60_000;
const networks = new NamespaceNetworks(commandRunner);
const network = labNetwork({
  // Another run on this machine has another name.
  name: `test-${process.pid}`,
  subnet: must(parseSubnet('10.77.9.0/24')),
  serverAddress: must(parseIpv4('10.77.9.1')),
  hosts: 2,
});

describeWith(['root', 'ip', 'setpriv', 'qemu-system-x86_64'], 'the accelerator', () => {
  test('the test guest ends with its code under TCG', async () => {
    expect(await runTestGuest(commandRunner, 'tcg')).toMatchObject({ kind: 'exit', exitCode: 85 });
  });

  test('the probe gives an answer with a reason, in time', async () => {
    const started = performance.now();
    const { kind, reason } = await probeAccelerator(commandRunner);
    console.log(`accelerator: ${kind} (${reason})`);
    expect(reason).not.toBe('');
    expect(performance.now() - started).toBeLessThan((PROBE_SECONDS + 6) * 1000);
  });
});

describeWith(['root', 'ip', 'setpriv', 'qemu-system-x86_64', 'tcpdump', OVMF], 'the lab', () => {
  let directory = '';
  let accelerator: Accelerator;
  let hosts: QemuHosts;
  const powered: PoweredHost[] = [];

  beforeAll(async () => {
    accelerator = await probeAccelerator(commandRunner);
  });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bivouac-lab-'));
    hosts = new QemuHosts({ commands: commandRunner, accelerator, directory });
    await networks.create(network);
  });

  afterEach(async () => {
    await Promise.all(powered.splice(0).map((host) => host.powerOff()));
    await networks.destroy(network);
    rmSync(directory, { recursive: true, force: true });
  });

  afterAll(() => {
    expect(existsSync(`/run/netns/${network.namespace}`)).toBe(false);
  });

  test.each([
    ['bios', 'tap0', /iPXE/, 'PXEClient:Arch:00000'],
    ['uefi', 'tap1', /PXE over IPv4/, 'PXEClient:Arch:00007'],
    ['uefi-http', 'tap1', /HTTP Boot over IPv4/, 'HTTPClient:Arch:00016'],
  ] as const)(
    '%s firmware asks for an address, and its console is heard',
    async (firmware, tap, expected, vendorClass) => {
      const host = aVirtualHost(firmware, tap);
      const discover = firstDiscover();
      const on = await powerOn(host);
      expect(await discover).toContain(vendorClass);
      expect(await consoleUntil(on, expected)).toMatch(expected);
      expect(readFileSync(on.consoleLog, 'utf8')).toMatch(expected);

      await on.powerOff();
      await on.off;
      expect(isAlive(on.pid)).toBe(false);
      expect(existsSync(on.consoleSocket)).toBe(false);
    },
    4 * minute,
  );

  test('a person can attach to the console', async () => {
    const on = await powerOn(aVirtualHost('bios', 'tap0'));
    const socket = connect(on.consoleSocket);
    const heard = await new Promise<string>((resolve, reject) => {
      let text = '';
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        if (text.includes('iPXE')) resolve(text);
      });
    });
    socket.destroy();
    expect(heard).toContain('iPXE');
  });

  test('the network is cut off: one bridge, its taps, the server address, and no IPv6', async () => {
    const { stdout } = await commandRunner.run(['ip', '-n', network.namespace, '-brief', 'address']);
    expect(stdout).toMatch(/^lab0 .* 10\.77\.9\.1\/24\s*$/m);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['lo', 'lab0', 'tap0', 'tap1']);
    expect(stdout).not.toContain('fe80::');
  });

  test('an empty namespace of the same name is replaced, one in use is not', async () => {
    await networks.create(network);
    const sleeper = await commandRunner.start([...inNetwork(network), 'sleep', '60'], { tethered: true });
    await expect.poll(() => readFileSync(`/proc/${sleeper.pid}/comm`, 'utf8')).toBe('sleep\n');
    await expect(networks.create(network)).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(String(sleeper.pid)),
    });
    await sleeper.stop();
    await networks.create(network);
  });

  test('destroying twice is no fault, and leaves other namespaces alone', async () => {
    const other = { ...network, namespace: `${network.namespace}-other` };
    await networks.create(other);
    await networks.destroy(network);
    await networks.destroy(network);
    expect(existsSync(`/run/netns/${other.namespace}`)).toBe(true);
    await networks.destroy(other);
  });

  test('a host that cannot be emulated says why', async () => {
    const failing = powerOn({ ...aVirtualHost('bios', 'tap0'), tap: 'nosuchtap/' }).then((on) => on.off);
    await expect(failing).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('nosuchtap'),
    });
  });

  test.each(['SIGKILL', 'SIGINT'] as const)(
    'no emulator outlives a process that ends by %s',
    async (signal) => {
      const program = join(import.meta.dirname, 'power-on.program.ts');
      const child = spawn(process.execPath, [program, network.namespace, directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const pid = await new Promise<number>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => {
          resolve(Number(chunk.toString()));
        });
      });
      expect(isAlive(pid)).toBe(true);
      child.kill(signal);
      await expect.poll(() => isAlive(pid)).toBe(false);
    },
  );

  async function powerOn(host: VirtualHost): Promise<PoweredHost> {
    const on = await hosts.powerOn(host, network);
    powered.push(on);
    return on;
  }
});

/** The text of the first DHCP request that the bridge carries. */
async function firstDiscover(): Promise<string> {
  const capture = [
    'tcpdump',
    '-i',
    network.bridge,
    '-n',
    '-v',
    '-l',
    '-c',
    '1',
    'udp',
    'and',
    'dst',
    'port',
    '67',
  ] as const;
  const { stdout } = await commandRunner.run([...inNetwork(network), ...capture], {
    tethered: true,
    timeout: 3 * minute,
  });
  return stdout;
}

async function consoleUntil(on: PoweredHost, expected: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of on.console()) {
    text += chunk;
    if (expected.test(text)) return text;
  }
  return text;
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}

function aVirtualHost(firmware: LabFirmware, tap: string): VirtualHost {
  return {
    name: must(parseHostName(`lab-${firmware}`)),
    mac: must(parseMac(`52:54:00:77:09:0${tap.slice(-1)}`)),
    firmware,
    memoryMiB: DEFAULT_MEMORY_MIB,
    cpus: 1,
    tap,
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Cannot read a value of the test');
  return value;
}
