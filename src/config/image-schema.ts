import Type, { type TProperties } from 'typebox';
import { CLEAN_NAMES } from '../build/clean-operations.ts';
import { IMAGE_CPUS } from '../core/arch.ts';
import { BUILD_TARGETS } from '../core/build-target.ts';
import { MAX_PARENTS } from '../core/job.ts';
import { OutputsSchema } from './output-schema.ts';
import { closed, MaybeTexts, optional, orNothing } from './schema-forms.ts';

// For editors. The rules are those of `build/tree.ts`, which tells faults better than a schema can: a schema cannot
// see whether a file is there, or that two images have one name. A test holds the two together.

const CpuName = Type.Enum([...IMAGE_CPUS]);

const ScheduleOptions = closed(
  {
    stage: Type.Enum([...BUILD_TARGETS]),
    build_parents: Type.Union([Type.Integer({ maximum: MAX_PARENTS }), Type.Literal('all')], {
      description: 'how many ancestors are built first; -1: all',
    }),
  },
  'what a scheduled build makes',
);

const IMAGE_KEYS = {
  name: Type.Union([Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' }), Type.Null()], {
    description: 'name of the image; its key by default',
  }),
  from: Type.Union([Type.String(), Type.Null()], {
    description:
      'what the root of a release master is made from: a suite, docker://…, oci:FOLDER, iso:FILE, a file',
  }),
  url: Type.String({
    description: 'a tarball, disk image or ISO that the root is made from; with sha512sums',
  }),
  sha512sums: Type.String({
    description: 'address or file of the SHA-512 sums that what is downloaded must have',
  }),
  include: MaybeTexts('packages that are installed with the suite'),
  mirror: MaybeTexts(
    'addresses of mirrors, or lines of sources.list(5), in place of the mirror that this machine uses',
  ),
  arch: Type.Union([CpuName, Type.Array(CpuName, { minItems: 1 })], {
    description: 'architectures that it is built for, the first by default',
  }),
  stages: MaybeTexts(
    'scripts, folders, Containerfiles and playbooks, relative to the images folder, and addresses of recipes, each a layer',
  ),
  kernel: Type.Union([Type.String(), Type.Record(Type.String(), Type.String())], {
    description:
      'kernel package, such as linux-image-amd64, or one version of it: linux-image-amd64=6.12.48-1; or a mapping of architectures to packages',
  }),
  cmdline: MaybeTexts('kernel arguments, after those of the parent'),
  drivers: MaybeTexts('kernel modules that its releases must have'),
  persist: MaybeTexts('absolute paths that keep their content over reboots'),
  outputs: OutputsSchema,
  conffs: Type.String({ minLength: 1, description: 'pattern of the hosts that get files of their own' }),
  branch: Type.String({ description: 'branch of the playbooks; not inherited' }),
  schedule: Type.String({ description: 'when it is built: MINUTE HOUR DAY MONTH WEEKDAY' }),
  schedule_options: ScheduleOptions,
  squash_level: Type.Integer({ minimum: 1, maximum: 22, description: 'level of zstd for its layers' }),
  clean: closed(
    Object.fromEntries(CLEAN_NAMES.map((name) => [name, Type.Boolean()])),
    'operations of the cleaning before a commit, each on or off',
  ),
  lint: closed(
    { allow: MaybeTexts('rules that it is published in spite of') },
    'the lint before it is published',
  ),
  time_limit: Type.String({
    pattern: '^[1-9][0-9]*[smhd]$',
    description: 'how long a stage may make no progress: 10m by default',
  }),
  hooks: closed(
    { before: Type.String(), after: Type.String() },
    'scripts that are run in the container before and after each stage',
  ),
  secrets: orNothing(
    Type.Record(
      Type.String(),
      Type.Union([
        Type.String(),
        Type.Object(
          { path: Type.String(), stages: Type.Optional(MaybeTexts('stages that see it')) },
          { additionalProperties: false },
        ),
      ]),
    ),
    'files of this machine that its stages see below /run/secrets; not inherited',
  ),
} as const satisfies TProperties;

const Settings = closed(
  {
    ignore_stage_in_conffs: MaybeTexts('stages left out of conffs, as they are written'),
    always_apply_stage_in_conffs: MaybeTexts('stages that conffs begin with'),
    never_upload: MaybeTexts('images that are built and never published for hosts'),
  },
  'what holds for all images',
);

const IMAGE: { readonly $ref: string } = { $ref: '#/$defs/image' };

/** Shape of an image, which children of an image have as well. */
export const ImageSchema = Type.Object(optional(IMAGE_KEYS), {
  additionalProperties: Type.Unsafe<unknown>(IMAGE),
  description: 'an image; a key that is none of these is a child image',
});

/** Shape of `images/config.yml`. */
export const ImageFileSchema = Type.Object(
  { configuration: Type.Optional(Settings) },
  { additionalProperties: Type.Unsafe<unknown>(IMAGE), $defs: { image: ImageSchema } },
);
