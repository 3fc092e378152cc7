import { parseAllDocuments } from 'yaml';

/**
 * The values of a YAML text of somebody else's, such as a playbook; tags that are not known (`!vault`) count for nothing.
 * Throws for text that is no YAML or that is made of too many aliases.
 */
export function yamlValues(text: string): readonly unknown[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return document.toJS({ maxAliasCount: 1000 }) as unknown;
  });
}
