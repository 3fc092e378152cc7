import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  visit,
  type YAMLMap,
} from 'yaml';

/** Something that YAML allows and a file of ours does not: where it stands in the text, and what to do. */
export interface NodeFault {
  readonly range: readonly [start: number, end: number];
  readonly message: string;
  readonly remedy: string;
}

/** Aliases of a whole file: a list that many images share is written once. */
export const MAX_ALIASES = 5000;

/** Values of a file with its aliases written out; aliases of aliases could stand for more than any memory has ("billion laughs"). */
const MAX_VALUES = 1_000_000;

/** Types that YAML 1.2 has for plain values. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:map|seq|str|int|float|bool|null)$/;

/** YAML takes text that begins so for an alias. */
export const STAR_REMEDY = 'Put text that begins with "*" in quotes';

/** YAML takes text that begins so for a tag. */
export const TAG_REMEDY = 'Put text that begins with "!" in quotes';

/** Keys used twice, aliases of nothing, too many of them, and types that no value has here. */
export function nodeFaults(document: Document): readonly NodeFault[] {
  const faults: NodeFault[] = [];
  const anchors = new Map<string, Node>();
  let aliases = 0;
  visit(document, {
    Node(_key, node, above) {
      faults.push(...tagFaults(node), ...(isMap(node) ? duplicates(node) : []));
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return undefined;
      }
      aliases += 1;
      if (aliases > MAX_ALIASES) {
        faults.push(faultAt(node, `More than ${MAX_ALIASES} aliases`, 'Write out what they stand for'));
        return visit.BREAK;
      }
      faults.push(...aliasFaults(node, anchors.get(node.source), above));
      return undefined;
    },
  });
  // What stands in itself has no size.
  return faults.length > 0 ? faults : sizeFaults(document);
}

function sizeFaults({ contents }: Document): readonly NodeFault[] {
  if (contents === null || expandedSize(contents, new Map()) <= MAX_VALUES) return [];
  const message = `Aliases make more than ${MAX_VALUES} values of the file`;
  return [faultAt(contents, message, 'Use fewer of them')];
}

/** How many values a node is with its aliases written out. `anchors` has the sizes of those above it. */
function expandedSize(node: unknown, anchors: Map<string, number>): number {
  if (isAlias(node)) return anchors.get(node.source) ?? 1;
  let size = 1;
  if (isMap(node))
    for (const { key, value } of node.items)
      size += expandedSize(key, anchors) + expandedSize(value, anchors);
  if (isSeq(node)) for (const item of node.items) size += expandedSize(item, anchors);
  if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, size);
  return size;
}

function aliasFaults(
  alias: Alias,
  target: Node | undefined,
  above: readonly unknown[],
): readonly NodeFault[] {
  const what = `Cannot use alias "*${alias.source}"`;
  if (target === undefined) {
    const message = `${what}: no anchor "&${alias.source}" stands above it`;
    return [faultAt(alias, message, `${STAR_REMEDY}, or write the anchor`)];
  }
  // Who reads such a value to its end never gets there.
  if (!above.includes(target)) return [];
  return [faultAt(alias, `${what}: it stands in what it stands for`, 'Write out what is meant')];
}

function tagFaults(node: Node): readonly NodeFault[] {
  if (isAlias(node) || node.tag === undefined || PLAIN_TAG.test(node.tag)) return [];
  return [faultAt(node, 'A tag has no meaning here', TAG_REMEDY)];
}

/** The parser's own look compares each key with all others, which takes minutes for some ten thousand keys. */
function duplicates({ items }: YAMLMap): readonly NodeFault[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (!seen.has(key.value)) {
      seen.add(key.value);
      return [];
    }
    const name = JSON.stringify(String(key.value).slice(0, 100));
    return [faultAt(key, `Duplicate key ${name}`, 'Keep one of them')];
  });
}

function faultAt(node: Node, message: string, remedy: string): NodeFault {
  const [start = 0, end = 0] = node.range ?? [];
  return { range: [start, end], message, remedy };
}
