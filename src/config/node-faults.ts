import { type Document, isAlias, isMap, isScalar, type Node, visit, type YAMLMap } from 'yaml';

/** Something that YAML allows and a file of ours does not: where it stands in the text, and what to do. */
export interface NodeFault {
  readonly range: readonly [start: number, end: number];
  readonly message: string;
  readonly remedy: string;
}

/** Aliases of a whole file, and values that one alias may stand for: many more than any memory has could be written. */
export const MAX_ALIASES = 5000;

/** Types that YAML 1.2 has for plain values. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:map|seq|str|int|float|bool|null)$/;

/** YAML takes text that begins so for an alias. */
export const STAR_REMEDY = 'Put text that begins with "*" in quotes';

/** YAML takes text that begins so for a tag. */
export const TAG_REMEDY = 'Put text that begins with "!" in quotes';

/** Keys used twice, aliases of nothing, too many of them, and types that no value has here. */
export function nodeFaults(document: Document): readonly NodeFault[] {
  const faults: NodeFault[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, {
    Node(_key, node) {
      faults.push(...tagFaults(node), ...(isMap(node) ? duplicates(node) : []));
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
        return undefined;
      }
      aliases += 1;
      if (aliases > MAX_ALIASES) {
        faults.push(faultAt(node, `More than ${MAX_ALIASES} aliases`, 'Write out what they stand for'));
        return visit.BREAK;
      }
      if (!anchors.has(node.source)) faults.push(withoutAnchor(node.source, node));
      return undefined;
    },
  });
  return faults;
}

function withoutAnchor(name: string, node: Node): NodeFault {
  const message = `Cannot use alias "*${name}": no anchor "&${name}" stands above it`;
  return faultAt(node, message, `${STAR_REMEDY}, or write the anchor`);
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
