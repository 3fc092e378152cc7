import type { ArtefactRef } from '../core/artefact.ts';
import type { Exposure } from '../core/exposure.ts';
import type { ContainerImageId } from './container-engine.ts';

declare const contentIdBrand: unique symbol;

/** What a step's result depends on, as one SHA-256 in hexadecimal: its parent's id and the digests of its inputs. */
export type ContentId = string & { readonly [contentIdBrand]: true };

/** When a step ran. */
export interface StepTime {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly seconds: number;
}

/** What a known step made. `parent` is the image it worked on: a result counts only while that is still in use. */
export type StepResult = { readonly made?: StepTime } & (
  | {
      readonly kind: 'layer';
      /** Undefined for the first layer. */
      readonly parent?: ContainerImageId;
      readonly container: ContainerImageId;
      readonly layer: ArtefactRef;
      /** The commit of the repository that it was made from, where there is one. */
      readonly commit?: string;
      /** `PackageList` of the root after the step, as canonical JSON; undefined where nobody looked. */
      readonly packages?: ArtefactRef;
      /** What of its files no host should share with another; absent in results of versions that did not look. */
      readonly exposed?: readonly Exposure[];
    }
  | {
      readonly kind: 'initramfs';
      readonly parent: ContainerImageId;
      readonly kernelVersion: string;
      readonly kernel: ArtefactRef;
      readonly initramfs: ArtefactRef;
      /** Ids of the keys that the initramfs believes. */
      readonly keys?: readonly string[];
      /** Files of the root that it was packed from, with their SHA-256. */
      readonly sources?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'files';
      readonly parent: ContainerImageId;
      readonly files: Readonly<Record<string, ArtefactRef>>;
    }
);

/** Results of steps by content id. */
export interface BuildCache {
  find(id: ContentId): Promise<StepResult | undefined>;
  put(id: ContentId, result: StepResult): Promise<void>;
}
