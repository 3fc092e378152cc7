import { hostname } from 'node:os';
import { type ArtefactRef, digestHex } from '../../core/artefact.ts';
import type { RootSource } from '../../core/image.ts';
import type { JobId } from '../../core/job.ts';
import { artefactsOf, canonicalJson, type NamedRelease, type Release } from '../../core/release.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { type InputDigests, sourceKey } from '../content-id.ts';
import type { KnownResults, PlannedStep } from '../plan.ts';
import { hookFiles } from '../stage/terms.ts';

/** What the tree of images was read from. */
export interface ConfigurationRecord {
  /** Of `images/config.yml`, in hexadecimal. */
  readonly sha256: string;
  /** Commit that has the file as it is. */
  readonly commit?: string;
}

/** How a release came to be, beside what it is. Times are milliseconds since 1970. */
export interface BuildRecord {
  readonly request: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly job?: JobId | undefined;
  readonly steps: readonly PlannedStep[];
  readonly results: KnownResults;
  readonly inputs: InputDigests;
  /** What the root was made from. */
  readonly source: RootSource;
  readonly configuration?: ConfigurationRecord | undefined;
  /** Package sources as lines of sources.list(5). */
  readonly packageSources: readonly string[];
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Of the key that signs the statement. */
  readonly keyId: string;
}

/** What an in-toto statement says of itself (in-toto Attestation Framework, Statement v1). */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** What it says of its predicate (SLSA Provenance v1). */
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** SLSA "build type": which of our parameters mean what; docs/releases.md says it. */
const BUILD_TYPE = 'urn:bivouac:build:1';

interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** The text of an in-toto Statement, version 1, with an SLSA Provenance predicate, version 1. */
export function provenanceText(named: NamedRelease, record: BuildRecord): string {
  const { request, job, startedAt, finishedAt } = record;
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(named),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: request,
        internalParameters: { machine: hostname(), stages: record.steps.map(stageOf) },
        resolvedDependencies: dependenciesOf(record),
      },
      runDetails: {
        builder: {
          id: `urn:bivouac:builder:${record.keyId}`,
          version: { bivouac: named.release.builder, node: process.version },
        },
        metadata: {
          ...(job === undefined ? {} : { invocationId: job }),
          startedOn: instant(startedAt),
          finishedOn: instant(finishedAt),
        },
        byproducts: byproductsOf(record),
      },
    },
  };
  return canonicalJson(statement);
}

/** A line of sources.list(5) without what a URL may tell of an account: user, password, and a token in its query. */
export function withoutCredentials(line: string): string {
  return line.replace(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined) return text.replace(/\/\/[^/@\s]*@/, '//');
    url.username = '';
    url.password = '';
    url.search = '';
    return url.href;
  });
}

function subjectsOf({ digest, release }: NamedRelease): readonly ResourceDescriptor[] {
  const names = namesOf(release);
  const whole = { name: `release of ${release.image}`, digest: { sha256: digestHex(digest) } };
  const refs = new Map(artefactsOf(release).map((ref) => [ref.digest, ref]));
  const artefacts = [...refs.values()].map((ref) => ({
    name: names.get(ref.digest) ?? ref.digest,
    digest: sha256(ref),
  }));
  return [whole, ...artefacts];
}

function namesOf(release: Release): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const layer of release.layers) names.set(layer.digest, `layer ${layer.image}: ${layer.stage}`);
  for (const file of release.files) names.set(file.digest, `file ${file.name}`);
  if (release.output === 'netboot') {
    names.set(release.kernel.digest, `kernel ${release.kernelVersion}`);
    names.set(release.initramfs.digest, 'initramfs');
  }
  if (release.packages !== undefined) names.set(release.packages.digest, 'packages');
  if (release.sbom !== undefined) names.set(release.sbom.digest, 'sbom');
  return names;
}

function stageOf({ image, stage, action, id, status, terms }: PlannedStep) {
  const secrets = terms?.secrets?.map(({ name }) => name);
  return { image, stage, action, contentId: id, status, ...(secrets === undefined ? {} : { secrets }) };
}

function hooksOf({ steps, inputs }: BuildRecord): readonly ResourceDescriptor[] {
  return steps.flatMap(({ image, stage, terms }) =>
    hookFiles(terms?.hooks).flatMap(({ name, path }) => {
      const sha256 = inputs.get(path);
      return sha256 === undefined ? [] : [{ name: `${image}: ${stage}: hook ${name}`, digest: { sha256 } }];
    }),
  );
}

/** What the stages were made from: their files by digest, their commits, and where packages came from. */
function dependenciesOf(record: BuildRecord): readonly ResourceDescriptor[] {
  const { steps, results, inputs, packageSources } = record;
  const files = steps.flatMap((step): ResourceDescriptor[] => {
    const input = 'path' in step.args ? inputs.get(step.args.path) : undefined;
    const result = results.get(step.id);
    const commit = result?.kind === 'layer' ? result.commit : undefined;
    const digest = {
      ...(input === undefined ? {} : { sha256: input }),
      ...(commit === undefined ? {} : { gitCommit: commit }),
    };
    return Object.keys(digest).length === 0 ? [] : [{ name: `${step.image}: ${step.stage}`, digest }];
  });
  const sources = packageSources.flatMap((line): ResourceDescriptor[] => {
    const uri = addressIn(line);
    const annotations = { source: withoutCredentials(line) };
    return uri === undefined ? [] : [{ name: 'package source', uri, annotations }];
  });
  return [rootOf(record), ...configurationOf(record), ...files, ...hooksOf(record), ...sources];
}

/** The address in a line of sources.list(5). */
function addressIn(line: string): string | undefined {
  return /[a-z][a-z0-9+.-]*:\/\/\S+/i.exec(withoutCredentials(line))?.[0];
}

function configurationOf({ configuration }: BuildRecord): readonly ResourceDescriptor[] {
  if (configuration === undefined) return [];
  const { sha256, commit } = configuration;
  return [{ name: 'images/config.yml', digest: { sha256, ...(commit && { gitCommit: commit }) } }];
}

function rootOf(record: BuildRecord): ResourceDescriptor {
  const { source, inputs } = record;
  const digest = inputs.get(sourceKey(source))?.replace(/^sha(?:256|512):/, '');
  return {
    name: 'root',
    ...uriOf(record),
    ...(digest === undefined ? {} : { digest: { [digest.length === 128 ? 'sha512' : 'sha256']: digest } }),
    annotations: { kind: source.kind, ...suiteOf(source) },
  };
}

function suiteOf(source: RootSource): Readonly<Record<string, string>> {
  if (source.kind !== 'suite') return {};
  return {
    suite: source.suite,
    ...(source.include === undefined ? {} : { include: source.include.join(' ') }),
    ...(source.mirror === undefined ? {} : { mirror: source.mirror.map(withoutCredentials).join('\n') }),
  };
}

/** Paths of this machine are told by their digest alone; a suite has none, and is named by where it was installed from. */
function uriOf({ source, packageSources }: BuildRecord): { readonly uri?: string } {
  switch (source.kind) {
    case 'download':
      return { uri: withoutCredentials(source.url) };
    case 'oci':
      return { uri: `oci:${withoutCredentials(source.reference)}` };
    case 'suite': {
      const [uri] = packageSources.flatMap((line) => addressIn(line) ?? []);
      return uri === undefined ? {} : { uri };
    }
    case 'oci-layout':
    case 'file':
      return {};
  }
}

/** What each stage made and how long it took, at this build or at the earlier one that made it. */
function byproductsOf({ steps, results }: BuildRecord): readonly ResourceDescriptor[] {
  return steps.flatMap((step): ResourceDescriptor[] => {
    const result = results.get(step.id);
    const main = result === undefined ? undefined : mainArtefact(result);
    if (result === undefined || main === undefined) return [];
    const { made } = result;
    const times = made === undefined ? {} : { startedOn: instant(made.startedAt), seconds: made.seconds };
    const annotations = { stage: step.stage, image: step.image, status: step.status, ...times };
    return [{ name: `${step.image}: ${step.stage}`, digest: sha256(main), annotations }];
  });
}

function mainArtefact(result: StepResult): ArtefactRef | undefined {
  switch (result.kind) {
    case 'layer':
      return result.layer;
    case 'initramfs':
      return result.initramfs;
    case 'files':
      return Object.values(result.files)[0];
  }
}

function sha256({ digest }: ArtefactRef): Readonly<Record<string, string>> {
  return { sha256: digestHex(digest) };
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
