import { BootStop } from './stop.ts';

/** What a boot script tells iPXE to load. */
export interface ScriptOrders {
  readonly kernel: string;
  readonly initramfs: string;
  readonly environment: string;
}

/** What `boot.env` says. */
export interface BootEnv {
  readonly server: string;
  readonly token: string;
  readonly host: string;
  readonly boot: string;
  readonly release: string;
}

/** A file that a manifest names. */
export interface ManifestRow {
  readonly kind: 'layer' | 'conffs';
  readonly sha256: string;
  readonly size: number;
  readonly url: string;
}

/** The three files of our boot script; throws `BootStop` when it is another script, such as a refusal. */
export function readScript(text: string): ScriptOrders {
  const url = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1];
  const kernel = url(/^kernel --name kernel (\S+)/m);
  const initramfs = url(/^initrd --name initramfs (\S+)/m);
  const environment = url(/^initrd --name boot\.env (\S+)/m);
  if (kernel === undefined || initramfs === undefined || environment === undefined) {
    const echo = url(/^echo (.*)$/m) ?? 'nothing';
    throw new BootStop(`boot script: it loads no kernel; it says: ${echo.slice(0, 200)}`, 'again');
  }
  return { kernel, initramfs, environment };
}

/** The settings that the boot loader hands to the initramfs. */
export function readBootEnv(text: string): BootEnv {
  const value = (name: string): string => {
    const found = new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new BootStop(`boot.env: it has no ${name}`, 'again');
    return found;
  };
  return {
    server: value('BIVOUAC_SERVER'),
    token: value('BIVOUAC_TOKEN'),
    host: value('BIVOUAC_HOST'),
    boot: value('BIVOUAC_BOOT'),
    release: value('BIVOUAC_RELEASE'),
  };
}

/** The files of a manifest; throws `BootStop` when it is not the manifest of this boot. */
export function readManifest(text: string, env: BootEnv): readonly ManifestRow[] {
  const lines = text.split('\n');
  const head = ['bivouac-manifest 1', `host ${env.host}`, `boot ${env.boot}`];
  const wrong = head.findIndex((line, index) => lines[index] !== line);
  if (wrong !== -1)
    throw new BootStop(`manifest: line ${wrong + 1} is not "${head[wrong] ?? ''}"`, 'for good');
  if (!lines.includes(`release ${env.release}`) || lines.at(-2) !== 'end') {
    throw new BootStop('manifest: it is of another release, or ends early', 'for good');
  }
  return lines.flatMap((line) => {
    const match = /^(layer|conffs) sha256:([0-9a-f]{64}) ([1-9][0-9]*) (\S+)$/.exec(line);
    const [, kind, sha256 = '', size, url = ''] = match ?? [];
    if (kind !== 'layer' && kind !== 'conffs') return [];
    return [{ kind, sha256, size: Number(size), url } as const];
  });
}
