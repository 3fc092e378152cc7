import { ArpProbe } from '../../src/adapters/arp-probe.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { ip } from '../builders.ts';

// Asks for addresses, all at once, from the first argument, and prints who answered.
const [from = '', ...addresses] = process.argv.slice(2);
const probe = new ArpProbe({
  forget: (address) => commandRunner.run(['ip', 'neigh', 'flush', 'to', address]),
});
const answers = await Promise.all(addresses.map((address) => probe.whoHas(ip(address), ip(from))));
process.stdout.write(JSON.stringify(answers.map((mac) => mac ?? null)));
