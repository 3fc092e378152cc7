import type { ImageDefinition, ImageName } from '../core/image.ts';
import { parseImageName } from '../core/image.ts';
import type { KeyContext } from './image-keys.ts';
import { isMapping, isReservedKey, KNOWN_KEYS, quote, readImageKeys } from './image-keys.ts';
import type { Path, TreeFault, TreeOptions } from './tree-fault.ts';

/** All images of the file, parents before children, and everything that is wrong with it. */
export interface ImageTree {
  /** To be used only when there are no faults. */
  readonly images: readonly ImageDefinition[];
  readonly faults: readonly TreeFault[];
}

/** Top-level key with settings for all images; every other top-level key is a release master. */
const SETTINGS_KEY = 'configuration';
const MAX_DEPTH = 32;
const MAX_IMAGES = 2_000;

/** The value of `images/config.yml` as images: any mapping under a key that is not reserved is a child image. */
export function imageTree(value: unknown, options: TreeOptions): ImageTree {
  const reader = new TreeReader(options);
  reader.readTop(value);
  return { images: [...reader.images.values()], faults: reader.faults };
}

/** A key of the file, its value, and where it stands. */
interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly path: Path;
  readonly parent: ImageDefinition | undefined;
}

class TreeReader {
  readonly images = new Map<ImageName, ImageDefinition>();
  readonly faults: TreeFault[] = [];
  private readonly options: TreeOptions;
  private read = 0;

  constructor(options: TreeOptions) {
    this.options = options;
  }

  readTop(value: unknown): void {
    if (!isMapping(value)) {
      return this.fault(
        [],
        'Cannot read the image tree: it is no mapping',
        'Begin with a release: "trixie:"',
      );
    }
    for (const [key, child] of Object.entries(value)) {
      if (key === SETTINGS_KEY) this.refuseSettings(child);
      else this.readImage({ key, value: child, path: [key], parent: undefined });
    }
  }

  private readImage({ key, value, path, parent }: Entry): void {
    if (!isMapping(value)) return this.refuseKey(key, path);
    this.read += 1;
    if (this.read > MAX_IMAGES || path.length > MAX_DEPTH) {
      const limit = `at most ${MAX_IMAGES} images, nested at most ${MAX_DEPTH} deep`;
      return this.fault(path, `Cannot read image "${key}": the tree is too large`, `Keep to ${limit}`);
    }
    const image = this.define({ key, value, path, parent }, value);
    for (const [childKey, child] of Object.entries(value)) {
      if (isReservedKey(childKey)) continue;
      this.readImage({ key: childKey, value: child, path: [...path, childKey], parent: image ?? parent });
    }
  }

  private define(entry: Entry, keys: Readonly<Record<string, unknown>>): ImageDefinition | undefined {
    const context: KeyContext = {
      options: this.options,
      path: entry.path,
      parent: entry.parent,
      fault: (path, message, remedy) => this.fault(path, message, remedy),
    };
    const read = readImageKeys(entry.key, keys, context);
    const name = this.claimName(
      keys['name'] ?? entry.key,
      'name' in keys ? [...entry.path, 'name'] : entry.path,
    );
    if (name === undefined) return undefined;
    const image = { name, ...(entry.parent === undefined ? {} : { parent: entry.parent.name }), ...read };
    this.images.set(name, image);
    return image;
  }

  private claimName(value: unknown, path: Path): ImageName | undefined {
    const name = typeof value === 'string' ? parseImageName(value) : undefined;
    const remedy =
      'Use lower-case letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit';
    if (name === undefined) {
      this.fault(path, `Cannot name an image ${quote(value)}`, remedy);
    } else if (this.images.has(name)) {
      this.fault(path, `Cannot define image "${name}" twice`, 'Give one of them another "name"');
    } else {
      return name;
    }
    return undefined;
  }

  private refuseKey(key: string, path: Path): void {
    const remedy = `Known keys are ${KNOWN_KEYS.join(', ')}; a child image is a mapping ("${key}: {}")`;
    this.fault(path, `Cannot use key "${key}": it is neither known nor a child image`, remedy);
  }

  private refuseSettings(value: unknown): void {
    if (value === null || value === undefined) return;
    const keys = isMapping(value) ? Object.keys(value) : [];
    if (!isMapping(value))
      this.fault([SETTINGS_KEY], `Cannot read "${SETTINGS_KEY}": it is no mapping`, 'Remove it');
    for (const key of keys) {
      const message = `Cannot use setting "${key}": settings for all images come with a later version`;
      this.fault([SETTINGS_KEY, key], message, 'Remove it');
    }
  }

  private fault(path: Path, message: string, remedy: string): void {
    this.faults.push({ path, message, remedy });
  }
}
