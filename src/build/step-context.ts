import type { Secret } from '../core/secret.ts';
import type { ArtefactStore } from '../ports/artefact-store.ts';
import type { BuildCache, StepResult } from '../ports/build-cache.ts';
import type { CommandRunner } from '../ports/command.ts';
import type { ContainerEngine, ContainerImageId, LineSink } from '../ports/container-engine.ts';
import type { DebianMirror } from '../ports/mirror.ts';
import type { SourceStore } from '../ports/source-store.ts';
import type { PlaybookWorld } from './playbook-world.ts';
import type { RecipeWorld } from './recipes/recipe-world.ts';
import type { Step } from './step.ts';

/** The world that steps act on. */
export interface BuildWorld {
  readonly engine: ContainerEngine;
  readonly commands: CommandRunner;
  readonly artefacts: ArtefactStore;
  readonly mirror: DebianMirror;
  readonly sources: SourceStore;
  readonly playbooks: PlaybookWorld;
  readonly recipes: RecipeWorld;
}

/** What one step is given to work with. */
export interface StepContext extends BuildWorld {
  /** Identity of the step, for names and messages. */
  readonly step: Pick<Step, 'id' | 'image' | 'stage' | 'squashLevel' | 'keeps' | 'terms'>;
  /** The image that the step works on; undefined for the first. */
  readonly parent: ContainerImageId | undefined;
  /** An empty folder for this step alone, on the file system of the artefacts. */
  readonly workFolder: string;
  /** Results of all steps, for those that find theirs by other means than the step's id. */
  readonly cache: BuildCache;
  /** Those of the stage; none unless given. */
  readonly secrets?: readonly Secret[];
  readonly log: LineSink;
  /** Fires when the build is stopped and when the step's time is up. */
  readonly signal: AbortSignal;
}

/** Runs one action. */
export type StepRunner<Args> = (args: Args, context: StepContext) => Promise<StepResult>;
