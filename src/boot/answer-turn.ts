import type { ArtefactRef } from '../core/artefact.ts';
import { subnetFor } from '../core/policy.ts';
import { kernelCommandLine } from './cmdline.ts';
import type { Conffs } from './host-config.ts';
import type { HostTurn } from './host-turn.ts';
import type { HttpAnswer } from './http-world.ts';
import { manifestJson, manifestOf, manifestText } from './manifest.ts';
import { artefactUrl } from './script.ts';
import { type ManifestSigning, manifestSignature } from './sign-manifest.ts';

/** The manifest of a turn, signed. */
export async function manifestAnswer(
  turn: HostTurn,
  { form, conffs }: { readonly form: 'text' | 'json'; readonly conffs: Conffs },
  signing: ManifestSigning,
): Promise<HttpAnswer> {
  const { mac, host, boot } = turn.grant;
  const manifest = manifestOf({
    base: baseOf(turn),
    host,
    boot,
    named: turn.named,
    conffs: { digest: conffs.digest, size: conffs.bytes.length },
  });
  const json = form === 'json';
  const text = json ? manifestJson(manifest) : manifestText(manifest);
  const signature = await manifestSignature(turn.named, text, signing);
  return { kind: 'text', name: 'manifest', text, json, subject: { mac, host }, ...signature };
}

/** Kernel, initramfs and kernel arguments of a turn, signed like its manifest. */
export async function startAnswer(turn: HostTurn, signing: ManifestSigning): Promise<HttpAnswer> {
  const { mac, host, boot, release: digest } = turn.grant;
  const { release } = turn.named;
  const base = baseOf(turn);
  const line = (word: string, part: ArtefactRef): string =>
    `${word} ${part.digest} ${part.size} ${artefactUrl(base, part.digest)}`;
  const cmdline = kernelCommandLine({
    release,
    host: turn.host.cmdline,
    mac,
    onFailure: turn.snapshot.policy.onFailure,
  });
  const text = [
    'bivouac-start 1',
    `host ${host}`,
    `boot ${boot}`,
    `release ${digest}`,
    line('kernel', release.kernel),
    line('initramfs', release.initramfs),
    `cmdline ${cmdline}`,
    'end',
    '',
  ].join('\n');
  const signature = await manifestSignature(turn.named, text, signing);
  return { kind: 'text', name: 'start', text, subject: { mac, host }, ...signature };
}

function baseOf({ snapshot, grant }: HostTurn): string {
  return subnetFor(snapshot.policy, grant.address).baseUrl;
}
