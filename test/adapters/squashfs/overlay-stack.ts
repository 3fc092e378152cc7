import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** One change of a root. Paths are relative to it. */
export type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'owner'; readonly path: string; readonly uid: number };

/** Layers made by the kernel's own overlayfs on a file system in memory. `remove` must be called in the end. */
export class OverlayStack {
  readonly folder: string;
  private readonly uppers: string[] = [];

  constructor(folder: string) {
    this.folder = folder;
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  }

  /** Apply changes as one layer; those that the file system refuses are left out. Resolves to the layer's folder. */
  addLayer(changes: readonly Change[]): string {
    const upper = join(this.folder, `upper-${this.uppers.length}`);
    mkdirSync(upper);
    if (this.uppers.length === 0) applyAll(upper, changes);
    else this.withRoot((root) => applyAll(root, changes), upper);
    this.uppers.push(upper);
    return upper;
  }

  /** What the kernel shows of all layers together. */
  withRoot<T>(use: (root: string) => T, upper = this.emptyUpper()): T {
    const [root, work] = [join(this.folder, 'root'), join(this.folder, 'work')];
    for (const folder of [root, work]) mkdirSync(folder, { recursive: true });
    const lower = [...this.uppers].reverse().join(':');
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work},metacopy=off,redirect_dir=off`;
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
    try {
      return use(root);
    } finally {
      execFileSync('umount', [root]);
      rmSync(work, { recursive: true });
    }
  }

  remove(): void {
    execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private emptyUpper(): string {
    const upper = join(this.folder, 'empty');
    rmSync(upper, { recursive: true, force: true });
    mkdirSync(upper);
    return upper;
  }
}

/** Pack a layer's folder as builds do. */
export function squash(folder: string, target: string): string {
  const options = ['-noappend', '-no-progress', '-quiet', '-comp', 'zstd'];
  execFileSync('mksquashfs', [folder, target, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  return target;
}

/** A real tree as lines `path kind mode owner content`, sorted. */
export function linesOfTree(root: string, prefix = ''): readonly string[] {
  return readdirSync(join(root, prefix))
    .sort()
    .flatMap((name) => {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      const info = lstatSync(join(root, path));
      const mode = (info.mode & 0o7777).toString(8);
      const head = (kind: string, content: string): string =>
        `${path} ${kind} ${mode} ${info.uid}:${info.gid} ${content}`;
      if (info.isDirectory()) return [head('directory', ''), ...linesOfTree(root, path)];
      if (info.isSymbolicLink()) return [head('symlink', readlinkSync(join(root, path)))];
      return [head('file', readFileSync(join(root, path), 'utf8'))];
    });
}

function applyAll(root: string, changes: readonly Change[]): void {
  for (const change of changes) {
    try {
      apply(root, change);
    } catch {
      // For example a file where a folder was wanted: such layers are worth a test as well.
    }
  }
}

function apply(root: string, change: Change): void {
  const path = join(root, change.path);
  switch (change.kind) {
    case 'write':
      writeFileSync(path, change.text);
      return;
    case 'folder':
      mkdirSync(path);
      return;
    case 'link':
      symlinkSync(change.target, path);
      return;
    case 'remove':
      rmSync(path, { recursive: true });
      return;
    case 'rename':
      renameSync(path, join(root, change.to));
      return;
    case 'mode':
      if (!lstatSync(path).isSymbolicLink()) chmodSync(path, change.mode);
      return;
    case 'owner':
      if (!lstatSync(path).isSymbolicLink()) chownSync(path, change.uid, 0);
      return;
  }
}
