import type { ImageDefinition, ImageName, ImageSettings } from '../core/image.ts';
import { parseImageName } from '../core/image.ts';
import { isReservedKey, KNOWN_KEYS, readImageKeys } from './image-keys.ts';
import { isMapping, type KeyContext, type Mapping, quote, TEXT_REMEDY } from './keys/reading.ts';
import { readSettings, SETTINGS_KEY } from './settings.ts';
import type { Path, TreeFault, TreeOptions } from './tree-fault.ts';

/** All images of the file, parents before children, and everything that is wrong with it. */
export interface ImageTree {
  /** To be used only when there are no faults. */
  readonly images: readonly ImageDefinition[];
  readonly settings: ImageSettings;
  /** Where each image stands in the file. */
  readonly paths: ReadonlyMap<ImageName, Path>;
  readonly faults: readonly TreeFault[];
}

const MAX_DEPTH = 32;
const MAX_IMAGES = 2_000;
/** An alias makes the faults of one image those of many. */
const MAX_FAULTS = 500;

/** The value of `images/config.yml` as images: any mapping under a key that is not reserved is a child image. */
export function imageTree(value: unknown, options: TreeOptions): ImageTree {
  const reader = new TreeReader(options);
  reader.readTop(value);
  const images = [...reader.images.values()];
  const { settings, faults } = readSettings(reader.settings, images, options);
  return { images, settings, paths: reader.paths, faults: [...reader.faults, ...faults] };
}

/** A key of the file, its value, and where it stands. */
interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly path: Path;
  readonly parent: ImageDefinition | undefined;
  /** The mappings it stands in: an alias can make one stand in itself. */
  readonly above: readonly Mapping[];
}

class TreeReader {
  readonly images = new Map<ImageName, ImageDefinition>();
  readonly paths = new Map<ImageName, Path>();
  readonly faults: TreeFault[] = [];
  settings: unknown;
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
      if (key === SETTINGS_KEY) this.settings = child;
      else this.readImage({ key, value: child, path: [key], parent: undefined, above: [value] });
    }
  }

  private readImage(entry: Entry): void {
    const { key, value, path, parent, above } = entry;
    if (key === '<<') return this.refuseMerge(path);
    if (!isMapping(value)) return this.refuseKey(key, path);
    if (above.includes(value)) {
      const remedy = 'Write the image out in place of the alias';
      return this.fault(path, `Cannot read image "${key}": it stands below itself, by an alias`, remedy);
    }
    this.read += 1;
    if (this.read > MAX_IMAGES || path.length > MAX_DEPTH) {
      const limit = `at most ${MAX_IMAGES} images, nested at most ${MAX_DEPTH} deep`;
      return this.fault(path, `Cannot read image "${key}": the tree is too large`, `Keep to ${limit}`);
    }
    const image = this.define(entry, value);
    for (const [childKey, child] of Object.entries(value)) {
      if (isReservedKey(childKey)) continue;
      const place = { path: [...path, childKey], parent: image ?? parent, above: [...above, value] };
      this.readImage({ key: childKey, value: child, ...place });
    }
  }

  private define(entry: Entry, keys: Mapping): ImageDefinition | undefined {
    const context: KeyContext = {
      options: this.options,
      path: entry.path,
      parent: entry.parent,
      fault: (path, message, remedy) => this.fault(path, message, remedy),
    };
    const read = readImageKeys(entry.key, keys, context);
    const path = 'name' in keys ? [...entry.path, 'name'] : entry.path;
    const name = this.claimName(keys['name'] ?? entry.key, path);
    if (name === undefined) return undefined;
    const image = { name, ...(entry.parent === undefined ? {} : { parent: entry.parent.name }), ...read };
    this.images.set(name, image);
    this.paths.set(name, entry.path);
    return image;
  }

  private claimName(value: unknown, path: Path): ImageName | undefined {
    const name = typeof value === 'string' ? parseImageName(value) : undefined;
    const remedy =
      'Use lower-case letters, digits, ".", "_" and "-", at most 64, beginning with a letter or digit';
    if (name === undefined) {
      const isNumber = typeof value === 'number';
      this.fault(path, `Cannot name an image ${quote(value)}`, isNumber ? TEXT_REMEDY : remedy);
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

  private refuseMerge(path: Path): void {
    const remedy = 'Repeat the keys; an alias may stand for a whole value: "stages: *common"';
    this.fault(path, 'Cannot use key "<<": YAML 1.2 has no merging of mappings', remedy);
  }

  private fault(path: Path, message: string, remedy: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push({ path, message, remedy });
  }
}
