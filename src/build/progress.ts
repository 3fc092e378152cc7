import type { StepResult } from '../ports/build-cache.ts';
import type { Step } from './step.ts';

/** Which step of how many, counted from 1. */
export interface Place {
  readonly index: number;
  readonly total: number;
}

type NamedStep = Pick<Step, 'image' | 'stage'>;

/** `[1/7] trixie: bootstrap … known` */
export function knownLine(step: NamedStep, place: Place): string {
  return `${head(step, place)} … known`;
}

/** `[1/7] trixie: bootstrap … made by another build` */
export function sharedLine(step: NamedStep, place: Place): string {
  return `${head(step, place)} … made by another build`;
}

/** `[2/7] web: web/nginx.sh …` */
export function runningLine(step: NamedStep, place: Place): string {
  return `${head(step, place)} …`;
}

/** `[2/7] web: web/nginx.sh … 12.3 s, layer of 3.2 MB` */
export function doneLine(
  step: NamedStep,
  place: Place,
  { seconds, result }: { readonly seconds: number; readonly result: StepResult },
): string {
  return `${head(step, place)} … ${seconds.toFixed(1)} s, ${describe(result)}`;
}

function head(step: NamedStep, { index, total }: Place): string {
  return `[${index}/${total}] ${step.image}: ${step.stage}`;
}

function describe(result: StepResult): string {
  switch (result.kind) {
    case 'layer':
      return `layer of ${megabytes(result.layer.size)}`;
    case 'initramfs': {
      const { kernelVersion, kernel, initramfs } = result;
      return `kernel ${kernelVersion} of ${megabytes(kernel.size)}, initramfs of ${megabytes(initramfs.size)}`;
    }
    case 'files':
      return counted(Object.keys(result.files).length, 'file');
  }
}

function counted(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
