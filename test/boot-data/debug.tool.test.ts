import { expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { InitramfsShell } from './initramfs-shell.ts';

async function run(program: string, cmdline: string) {
  const shell = new InitramfsShell();
  const result = await shell.sh(program, {
    CMDLINE_FILE: shell.write('cmdline', `quiet ${cmdline}\n`),
    PRINTK_FILE: shell.write('printk', ''),
  });
  return { ...result, shell };
}

describeWith(['busybox', 'setsid'], 'looking into a boot', () => {
  it('bivouac.debug traces every command to the kernel log, until it is told to stop', async () => {
    const program = `say() { printf '%s\\n' "$1" >>"$RUN/said"; }
      begin_trace; true of-interest; end_trace; true unseen; exec 2>&-; sleep 0.5`;
    const { shell } = await run(program, 'bivouac.debug');
    expect(shell.read('said')).toBe('+ true of-interest\n+ end_trace\n');
    expect(shell.read('printk')).toBe('on\n');
    expect((await run(program, '')).shell.read('said')).toBe('');
  });

  it('what a program said is told without the trace', async () => {
    const program = `printf '+ curl x\\ncurl: (7) no route\\n+ y\\n' >"$RUN/errors"; errors_of "$RUN/errors"`;
    expect((await run(program, '')).stdout.trim()).toBe('curl: (7) no route');
  });

  it('bivouac.shell= brings up shells before and after the steps it names', async () => {
    const program = `setsid() { echo "shell" >&3; }; exec 3>&1
      say() { echo "$1"; }; work() { echo working; }
      step network work 2>/dev/null; step root work`;
    // The console of the test is not there, so the redirection of the shell fails; that it was announced is enough.
    const { stdout } = await run(program, 'bivouac.shell=before:network,after:root');
    const lines = stdout.split('\n').filter((line) => /^A shell|^working/.test(line));
    expect(lines).toEqual([
      'A shell before:network, as asked for; leave it to go on',
      'working',
      'working',
      'A shell after:root, as asked for; leave it to go on',
    ]);
  });

  it('arguments with odd characters are not taken, and the last one counts', async () => {
    const program = 'argument bivouac.state none; echo; argument other none';
    expect((await run(program, 'bivouac.state=a bivouac.state=b')).stdout).toBe('b\nnone');
    expect((await run(program, 'bivouac.state=$(reboot) bivouac.state=a;b')).stdout).toBe('none\nnone');
  });

  it("dracut's word for a shell after a failure is understood", async () => {
    expect((await run('failure_policy', 'rd.shell')).stdout).toBe('shell');
    expect((await run('failure_policy', 'rd.shell bivouac.on_failure=reboot')).stdout).toBe('reboot');
  });
});
