import { Command, CommanderError } from 'commander';
import { version } from '../adapters/version.ts';
import { AppError, messageOf } from '../core/errors.ts';
import { buildCommand } from './build.ts';
import { channelCommand } from './channel.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { gcCommand } from './gc.ts';
import { hostCommand } from './host.ts';
import { imageCommand } from './image.ts';
import { EXIT, exitCodeOf, FaultWithResult, globalOptions, printJson } from './invocation.ts';
import { jobCommand } from './job.ts';
import { keyCommand } from './key.ts';
import { labCommand } from './lab.ts';
import { leaseCommand } from './lease.ts';
import { planCommand } from './plan.ts';
import { releaseCommand } from './release.ts';
import { serveCommand } from './serve.ts';

/** Run one command line (without interpreter and script); resolves to the exit code. Never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const program = makeProgram();
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Error && error.name === 'AbortError') {
      process.stderr.write('bivouac: stopped on request\n');
      return EXIT.failed;
    }
    reportFault(error, globalOptions(program).json === true);
    return exitCodeOf(error);
  }
}

function makeProgram(): Command {
  const program = new Command('bivouac')
    .description('Build live OS images from layers and boot machines from the network into them')
    .version(version(), '-V, --version')
    .option('-c, --config <file>', 'configuration file (default: ./bivouac.yml, /etc/bivouac/bivouac.yml)')
    .option('--json', 'print JSON')
    .showHelpAfterError('(bivouac --help shows the commands)');
  const commands = [
    serveCommand(),
    checkCommand(),
    planCommand(),
    buildCommand(),
    gcCommand(),
    jobCommand(),
    hostCommand(),
    imageCommand(),
    keyCommand(),
    releaseCommand(),
    channelCommand(),
    leaseCommand(),
    explainCommand(),
    labCommand(),
    demoCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  throwInsteadOfExit(program);
  return program;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

function reportFault(error: unknown, asJson: boolean): void {
  const remedy = error instanceof AppError ? error.remedy : undefined;
  const code = error instanceof AppError ? error.code : 'internal';
  if (asJson) {
    const { result = {}, before } = error instanceof FaultWithResult ? error : {};
    const fault = {
      ...result,
      error: { code, message: messageOf(error), ...(remedy === undefined ? {} : { remedy }) },
    };
    printJson(before === undefined ? fault : [...before, fault]);
    return;
  }
  process.stderr.write(`bivouac: ${messageOf(error)}\n`);
  if (remedy !== undefined) process.stderr.write(`  ${remedy}\n`);
  if (!(error instanceof AppError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}
