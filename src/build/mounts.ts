import { readFile } from 'node:fs/promises';

/** The mount points in a mountinfo file, in the order of mounting (proc_pid_mountinfo(5), field 5). */
export function parseMountPoints(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const mountPoint = line.split(' ')[4];
    return mountPoint === undefined ? [] : [unescapeOctal(mountPoint)];
  });
}

/** All mount points that this process sees, in the order of mounting. */
export async function mountPoints(): Promise<readonly string[]> {
  return parseMountPoints(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Mount points below a directory, not the directory itself; the last mounted first. */
export async function mountPointsBelow(directory: string): Promise<readonly string[]> {
  return (await mountPoints()).filter((point) => point.startsWith(`${directory}/`)).reverse();
}

/** Blanks and backslashes are written as three octal digits there. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
