import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { isBranchName } from '../core/branch.ts';
import { PathText, text } from './formats.ts';
import type { Remains } from './validate.ts';

/** Where playbooks come from and how they are run. */
export interface AnsibleSettings {
  /** URL or path for `git clone`; without it playbooks are files below the images folder. */
  readonly repository: string | undefined;
  /** Folder of Ansible inside the repository, or below the images folder. */
  readonly directory: string;
  /** Branch of stages and images that name none. */
  readonly branch: string;
  /** Absolute path of a private SSH key. */
  readonly key: string | undefined;
  /** Absolute path of the host keys that git may trust. */
  readonly knownHosts: string | undefined;
  /** Inventories relative to `directory`; those of its `ansible.cfg` unless given. */
  readonly inventory: readonly string[] | undefined;
  /** More arguments of `ansible-playbook`. */
  readonly arguments: readonly string[];
  /** Programs of this machine to run before and after each playbook, absolute paths. */
  readonly hooks: { readonly before: string | undefined; readonly after: string | undefined };
  /** Hosts that Ansible works on at a time. */
  readonly forks: number;
}

const BranchText = text('the name of a branch', isBranchName);

const InnerPath = text(
  'a relative path without ".."',
  (value) => /^[^/\p{Cc}][^\p{Cc}]*$/u.test(value) && !value.split('/').includes('..'),
);

// No program of its own (`ext::…`), nothing that begins like an option.
const RepositoryText = text(
  'an https, ssh or git URL, USER@HOST:PATH or a path',
  (value) =>
    /^[^-\s\p{Cc}][^\s\p{Cc}]*$/u.test(value) &&
    !/^[^/]*::/.test(value) &&
    /^(?:(?:https?|ssh|git|file):\/\/|[^:]+$|[^:/]+:[^/:]|[^:/]+:\/[^/])/.test(value),
);

/** Keys of `ansible`. */
export const AnsibleSchema = Type.Object(
  {
    repository: Type.Optional(RepositoryText),
    directory: Type.Optional(InnerPath),
    branch: Type.Optional(BranchText),
    key: Type.Optional(PathText),
    known_hosts: Type.Optional(PathText),
    inventory: Type.Optional(Type.Array(InnerPath, { maxItems: 16 })),
    arguments: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 64 })),
    hooks: Type.Optional(
      Type.Object(
        { before: Type.Optional(PathText), after: Type.Optional(PathText) },
        { additionalProperties: false },
      ),
    ),
    forks: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'a number, 1 to 1000' })),
  },
  { additionalProperties: false },
);

/** The reference system's default branch. */
const DEFAULT_BRANCH = 'master';
const DEFAULT_FORKS = 20;

/** Read `ansible`; paths are relative to `folder`. */
export function ansibleSettings(
  shape: Remains<Static<typeof AnsibleSchema>> | undefined,
  folder: string,
): AnsibleSettings {
  const path = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : resolve(folder, given);
  const { repository, inventory, hooks } = shape ?? {};
  return {
    repository: repository === undefined ? undefined : localPath(repository, folder),
    directory: shape?.directory ?? '.',
    branch: shape?.branch ?? DEFAULT_BRANCH,
    key: path(shape?.key),
    knownHosts: path(shape?.known_hosts),
    inventory: inventory?.flatMap((item) => item ?? []),
    arguments: shape?.arguments?.flatMap((item) => item ?? []) ?? [],
    hooks: { before: path(hooks?.before), after: path(hooks?.after) },
    forks: shape?.forks ?? DEFAULT_FORKS,
  };
}

/** Git would take a relative path as relative to wherever it runs. */
function localPath(repository: string, folder: string): string {
  return repository.includes(':') ? repository : resolve(folder, repository);
}
