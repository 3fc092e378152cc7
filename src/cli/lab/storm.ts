import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { AppError } from '../../core/errors.ts';
import type { StormOptions } from '../../lab/storm/plan.ts';
import { parseSize } from '../../lab/storm/size.ts';
import { summarise } from '../../lab/storm/summary.ts';
import { EXIT, globalOptions, print, printJson, readCount } from '../invocation.ts';
import { interruption } from './boot.ts';
import { runStorm } from './storm-session.ts';
import { stormText } from './storm-text.ts';

type StormCall = Omit<StormOptions, 'link'> & { readonly link: string; readonly directory?: string };

const UNLIMITED = 'unlimited';

/** `bivouac lab storm --hosts 1000`: a boot storm of simulated hosts against the real server. */
export function stormCommand(): Command {
  const most = 16 * 1024 * 1024 * 1024;
  const size = (text: string): number => readSize(text, most);
  return new Command('storm')
    .description('boot many simulated hosts at once against a server of its own; needs root')
    .option('--hosts <number>', 'simulated hosts', readCount, 1000)
    .option('--loss <percent>', 'packets lost in each direction, 0 to 50', readPercent, 0)
    .option('--link <rate>', 'rate in each direction as tc(8) writes it, or "unlimited"', readLink, '1gbit')
    .option('--stagger <seconds>', 'switch the hosts on over this time', readSeconds, 10)
    .option('--limit <seconds>', 'give up after this time', readCount, 900)
    .option('--nbp-size <size>', 'of the NBP, such as 500KiB or 1MiB', size, parseSize('1MiB'))
    .option('--kernel-size <size>', 'of the kernel', size, parseSize('2MiB'))
    .option('--initramfs-size <size>', 'of the initramfs', size, parseSize('4MiB'))
    .option('--layer-size <size>', 'of each layer', size, parseSize('2MiB'))
    .option('--layers <number>', 'layers of the image', readCount, 2)
    .option('--first-boot', 'the server has to make the SSH host keys of every host', false)
    .option('--probe <rate>', 'DHCP exchanges a second of other hosts beside it; 0: none', readSeconds, 20)
    .option('--directory <folder>', 'an empty folder to keep site and logs in (default: a temporary one)')
    .action((call: StormCall, command: Command) => storm(call, globalOptions(command).json === true));
}

async function storm({ directory, link, ...others }: StormCall, json: boolean): Promise<void> {
  const options = { ...others, ...(link === UNLIMITED ? {} : { link }) };
  if (process.getuid?.() !== 0) {
    throw new AppError('usage', 'Cannot make a storm: it needs root', {
      remedy: 'It makes network namespaces and listens on ports 67, 69 and 80 in them',
    });
  }
  const folder =
    directory === undefined ? await mkdtemp(join(tmpdir(), 'bivouac-storm-')) : resolve(directory);
  await mkdir(folder, { recursive: true });
  const signal = interruption();
  let isWell = false;
  try {
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const report = summarise(await runStorm({ options, folder, say, signal }));
    if (json) printJson(report);
    else print(stormText(report));
    isWell = report.ok;
    if (!isWell) process.exitCode = EXIT.failed;
  } finally {
    if (directory === undefined && !isWell && !signal.aborted) await keepLog(folder);
    if (directory === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** What a person needs of a temporary folder after a storm that was not well. */
async function keepLog(folder: string): Promise<void> {
  const kept = `${folder}.log`;
  await copyFile(join(folder, 'server.log'), kept).then(
    () => process.stderr.write(`log      of the server kept in ${kept}\n`),
    () => undefined,
  );
}

function readPercent(text: string): number {
  const value = Number(text);
  if (/^[0-9]{1,2}(?:\.[0-9]{1,2})?$/.test(text) && value <= 50) return value;
  throw new InvalidArgumentError('Wanted a number from 0 to 50.');
}

function readSeconds(text: string): number {
  if (/^[0-9]{1,4}(?:\.[0-9]{1,3})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Wanted a number from 0 to 9999.');
}

function readLink(text: string): string {
  if (text === UNLIMITED || /^[1-9][0-9.]*[kmgt]?bit$/i.test(text)) return text;
  throw new InvalidArgumentError('Wanted a rate such as "1gbit" or "200mbit", or "unlimited".');
}

function readSize(text: string, most: number): number {
  const size = parseSize(text);
  if (size !== undefined && size > 0 && size <= most) return size;
  throw new InvalidArgumentError('Wanted a size such as "500KiB" or "2MiB".');
}
