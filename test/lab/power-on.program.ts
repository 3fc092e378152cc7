// Switches a virtual host on in an existing namespace and prints the emulator's pid; ends when it is killed.
import { commandRunner } from '../../src/adapters/command.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { parseIpv4, parseMac } from '../../src/core/address.ts';
import { parseHostName } from '../../src/core/host.ts';

const [namespace = '', directory = ''] = process.argv.slice(2);
const name = parseHostName('orphan');
const mac = parseMac('52:54:00:77:09:01');
const serverAddress = parseIpv4('10.77.9.1');
if (!name || !mac || !serverAddress) throw new Error('Cannot read a value of the test');

const hosts = new QemuHosts({
  commands: commandRunner,
  accelerator: { kind: 'tcg', reason: 'a test' },
  directory,
});
const on = await hosts.powerOn(
  { name, mac, firmware: 'bios', memoryMiB: 128, cpus: 1, tap: 'tap1' },
  { namespace, bridge: 'lab0', serverAddress, prefix: 24, taps: ['tap1'] },
);
console.log(on.pid);
await on.off;
