import { Command } from 'commander';
import { faultJson } from '../config/report.ts';
import type { Site } from '../config/site.ts';
import { configFile, EXIT, globalOptions, print, printJson } from './invocation.ts';
import { faultReport, loadNamedSite } from './site.ts';

/** `bivouac check`: load all files of the site and report every fault. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check bivouac.yml, images/ and hosts/; exit code 2 when there are faults')
    .action(async (_options, command: Command) => {
      const options = globalOptions(command);
      const result = await loadNamedSite(options);
      if (options.json === true)
        printJson(result.ok ? { ok: true } : { ok: false, faults: result.faults.map(faultJson) });
      else if (result.ok) print(summary(result.site, configFile(options)));
      else process.stderr.write(`${faultReport(result.faults)}\n`);
      if (!result.ok) process.exitCode = EXIT.usage;
    });
}

function summary(site: Site, file: string): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  return `${file}: no faults (${count(site.images.length, 'image')}, ${count(site.hosts.length, 'host')})`;
}
