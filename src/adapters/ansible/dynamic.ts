/** Keys whose values name files, folders or roles. */
export const PATH_KEYS: ReadonlySet<string> = new Set([
  ...[
    'src',
    'file',
    'dir',
    'script',
    'template',
    'copy',
    'assemble',
    'unarchive',
    'vars_files',
    'role',
    'roles',
  ],
  ...[
    'import_playbook',
    'import_tasks',
    'include_tasks',
    'include',
    'include_vars',
    'import_role',
    'include_role',
  ],
  ...['tasks_from', 'vars_from', 'handlers_from', 'defaults_from', 'dependencies'],
]);

/** Loops over values at hand; all others (`with_fileglob`, `with_first_found` …) read what is not written there. */
const PLAIN_LOOPS =
  /^with_(?:items|list|dict|flattened|indexed_items|nested|cartesian|sequence|subelements|together|random_choice)$/;

/** The key without the name of Ansible's own collections. */
export function bareKey(key: string): string {
  return key.replace(/^ansible\.(?:builtin|legacy)\./, '');
}

/** Whether a loop takes its items from files or programs. */
export function isReadingLoop(key: string): boolean {
  return key.startsWith('with_') && !PLAIN_LOOPS.test(key);
}

/** Whether a text is made at run time. */
export function isDynamic(text: string): boolean {
  return text.includes('{{') || text.includes('{%');
}

/** Whether an expression reads files, or runs something, while it is evaluated. */
export function readsFiles(text: string): boolean {
  return /\b(?:lookup|query|q)\s*\(/.test(text);
}

/** Whether a text looks at hosts of the inventory other than the one it is evaluated for. */
export function mentionsOthers(text: string): boolean {
  return /\bhostvars\b|\bgroups\s*(?:\[|\.|\|)|\bplay_hosts\b|\bansible_play_|\bdelegate_to\b|\binventory_hostnames\b/.test(
    text,
  );
}

/** Whether a value is a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
