import Type, { type Static, type TProperties } from 'typebox';
import {
  BranchText,
  ChannelText,
  HostPatternText,
  ImageText,
  PackageVersionText,
} from '../config/formats.ts';
import { HOST_FIELDS } from '../config/schema.ts';
import { IMAGE_CPUS } from '../core/arch.ts';
import { BUILD_TARGETS } from '../core/build-target.ts';
import { JOB_STATES } from '../core/job.ts';
import { LEASE_STATES } from '../core/lease.ts';

/** A JSON object with these keys and no others. */
function document<P extends TProperties>(properties: P, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

const Milliseconds = Type.Integer({ description: 'milliseconds since 1970' });
const DigestText = Type.String({ description: 'sha256:<64 hexadecimal digits>' });

/** Body of `PUT /api/v1/hosts/:name`. */
export const HostBody = document(HOST_FIELDS);

/** A host as the API shows it. */
export const HostDocument = document({
  name: Type.String(),
  macs: Type.Array(Type.String()),
  address: Type.Optional(Type.String()),
  image: Type.String(),
  channel: Type.String(),
  architecture: Type.Optional(Type.String()),
  cmdline: Type.Array(Type.String()),
  bootfile: Type.Optional(Type.String()),
  variables: Type.Record(Type.String(), Type.Unknown()),
  source: document({ kind: Type.String(), path: Type.Optional(Type.String()) }),
});

/** Body of `POST /api/v1/builds`. */
export const BuildBody = document({
  image: ImageText,
  target: Type.Optional(Type.Enum([...BUILD_TARGETS])),
  buildParents: Type.Optional(
    Type.Union([Type.Integer({ minimum: -1, maximum: 1000 }), Type.Literal('all')], {
      description: 'how many ancestors are brought up to date; -1 and "all": every one',
    }),
  ),
  conffs: Type.Optional(HostPatternText),
  branch: Type.Optional(BranchText),
  channel: Type.Optional(ChannelText),
  architecture: Type.Optional(
    Type.Enum([...IMAGE_CPUS], { description: 'the only one to build for; all of the image unless given' }),
  ),
  kernel: Type.Optional(PackageVersionText),
  fresh: Type.Optional(Type.Boolean()),
});

/** Type of `BuildBody`. */
export type BuildBody = Static<typeof BuildBody>;

/** What a build job is to make. */
const BuildRequestDocument = document({
  image: Type.String(),
  target: Type.Enum([...BUILD_TARGETS]),
  buildParents: Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('all')]),
  conffs: Type.Optional(Type.String()),
  branch: Type.Optional(Type.String()),
  channel: Type.Optional(Type.String()),
  architecture: Type.Optional(Type.String()),
  kernel: Type.Optional(Type.String()),
  fresh: Type.Optional(Type.Literal(true)),
});

/** A build job as the API shows it. */
export const JobDocument = document({
  id: Type.String(),
  request: BuildRequestDocument,
  state: Type.Enum([...JOB_STATES]),
  createdAt: Milliseconds,
  startedAt: Type.Optional(Milliseconds),
  finishedAt: Type.Optional(Milliseconds),
  release: Type.Optional(DigestText),
  published: Type.Optional(Type.Boolean()),
  error: Type.Optional(Type.String()),
  supersededBy: Type.Optional(Type.String()),
  isCancelling: Type.Optional(Type.Literal(true)),
});

/** An image and what its channels point to. */
export const ImageDocument = document({
  name: Type.String(),
  parent: Type.Optional(Type.String()),
  source: Type.Object({}, { additionalProperties: true, description: 'what the root is made from' }),
  architecture: Type.String(),
  outputs: Type.Array(Type.String()),
  channels: Type.Array(
    document({
      channel: Type.String(),
      architecture: Type.String(),
      release: DigestText,
      publishedAt: Milliseconds,
    }),
  ),
});

/** A lease and the host that has it. */
export const LeaseDocument = document({
  mac: Type.String(),
  address: Type.String(),
  expiresAt: Milliseconds,
  state: Type.Enum([...LEASE_STATES]),
  host: Type.Optional(Type.String()),
});

/** A number of things to list, as the query of a URL gives it. */
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));

/** A boot's timeline, as `fleet/timeline.ts` defines it. */
export const TimelineDocument = Type.Object(
  {},
  { additionalProperties: true, description: 'one boot, with all its steps' },
);

const NoteFields = { actor: Type.String(), reason: Type.String() };

/** A release in a list. */
export const ReleaseSummary = document({
  digest: DigestText,
  image: Type.String(),
  architecture: Type.String(),
  createdAt: Milliseconds,
  bytes: Type.Integer({ description: 'what a host fetches' }),
  kernelVersion: Type.Optional(Type.String()),
  channels: Type.Array(Type.String()),
  pin: Type.Optional(document({ ...NoteFields, pinnedAt: Milliseconds })),
});

/** A release with its document. */
export const ReleaseDocument = document({
  ...ReleaseSummary.properties,
  release: Type.Object({}, { additionalProperties: true, description: 'the document that the digest names' }),
  provenance: Type.Array(document({ digest: DigestText, madeAt: Milliseconds })),
});

/** The difference of two releases, as `build/contents/compare.ts` defines it. */
export const ReleaseDiffDocument = Type.Object(
  {},
  { additionalProperties: true, description: 'packages, files, bytes to fetch' },
);

/** Where a path comes from, as `build/contents/who.ts` defines it. */
export const PathOriginDocument = Type.Object(
  {},
  { additionalProperties: true, description: 'stage, commit and packages of a path' },
);

const ChannelFields = { image: Type.String(), channel: Type.String() };

/** A channel that builds may not move. */
export const ChannelPinDocument = document({ ...ChannelFields, ...NoteFields, pinnedAt: Milliseconds });

/** Where a channel points for one architecture. */
export const ChannelDocument = document({
  ...ChannelFields,
  architecture: Type.String(),
  release: DigestText,
  publishedAt: Milliseconds,
  pin: Type.Optional(ChannelPinDocument),
});

/** A move of a channel. */
export const ChannelMoveDocument = document({
  ...ChannelFields,
  ...NoteFields,
  architecture: Type.String(),
  digest: DigestText,
  action: Type.Enum(['build', 'promote', 'set', 'rollback']),
  movedAt: Milliseconds,
});

/** What became of an order to move a channel, for each architecture. */
export const ChannelMovesDocument = document({
  ...ChannelFields,
  moves: Type.Array(
    Type.Object({ kind: Type.String(), architecture: Type.String() }, { additionalProperties: true }),
  ),
});
