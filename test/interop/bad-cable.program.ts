import { closeSync, openSync, read, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import koffi from 'koffi';
import { pseudoRandom } from '../daemon/hostile-input.ts';

/**
 * A cable between the devices `net0` that it makes in two network namespaces, which does to frames what it is told: shares
 * from 0 to 1, delays in milliseconds. Not every kernel can do that by itself (`sch_netem`). Each line of its input is
 * another {@link CableFaults} as JSON, in force from then on.
 */
interface CableFaults {
  readonly loss?: number;
  readonly duplicate?: number;
  readonly delay?: number;
  /** Frames that are held back by 20 ms more, so that those behind them overtake. */
  readonly swap?: number;
}

const CLONE_NEWNET = 0x40000000;
const TUNSETIFF = 0x400454ca;
const IFF_TAP_WITHOUT_HEADER = 0x1002;
const LONGEST_FRAME = 65_536;

const libc = koffi.load(null);
const setns: (fd: number, type: number) => number = libc.func('int setns(int, int)');
const ioctl: (fd: number, request: number, value: Uint8Array) => number = libc.func(
  'int ioctl(int, unsigned long, void *)',
);
const random = pseudoRandom(1);
let faults: CableFaults = {};

const [one = '', other = ''] = process.argv.slice(2);
const ends = [end(one), end(other)] as const;
carry(ends[0], ends[1]);
carry(ends[1], ends[0]);
createInterface(process.stdin).on('line', (line) => {
  faults = JSON.parse(line) as CableFaults;
  console.log(`now ${line}`);
});
console.log('ready');

/** The device of a namespace. It is gone when the program ends. */
function end(space: string): number {
  const namespace = openSync(`/run/netns/${space}`, 'r');
  const entered = setns(namespace, CLONE_NEWNET);
  closeSync(namespace);
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(40);
  request.write('net0', 'latin1');
  request.writeUInt16LE(IFF_TAP_WITHOUT_HEADER, 16);
  if (entered !== 0 || ioctl(fd, TUNSETIFF, request) !== 0)
    throw new Error(`No device can be made in "${space}"`);
  return fd;
}

function carry(from: number, to: number): void {
  const frame = Buffer.alloc(LONGEST_FRAME);
  read(from, frame, 0, frame.length, null, (error, length) => {
    if (error !== null && error.code !== 'EIO') throw error;
    if (error === null) pass(Buffer.from(frame.subarray(0, length)), to);
    // A device that is down gives an error until it is up.
    setTimeout(() => carry(from, to), error === null ? 0 : 20);
  });
}

function pass(frame: Buffer, to: number): void {
  const { loss = 0, duplicate = 0, delay = 0, swap = 0 } = faults;
  if (random() < loss) return;
  const copies = random() < duplicate ? 2 : 1;
  const wait = delay + (random() < swap ? 20 : 0);
  for (let count = 0; count < copies; count++) {
    if (wait === 0) put(frame, to);
    else setTimeout(() => put(frame, to), wait);
  }
}

function put(frame: Buffer, to: number): void {
  try {
    writeSync(to, frame);
  } catch {
    // The device is down.
  }
}
