import { type Mac, macWithDashes } from '../core/address.ts';
import { type Digest, digestHex } from '../core/artefact.ts';
import type { BootId } from '../core/event.ts';
import type { Host } from '../core/host.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import { kernelCommandLine } from './cmdline.ts';
import { renderTemplate, type TemplateText } from './template.ts';

/** The templates of what iPXE runs: a boot, and the refusal of one. */
export interface ScriptTemplates {
  readonly script: TemplateText;
  readonly refuse: TemplateText;
}

/** All that one boot script is made from. */
export interface ScriptInput {
  readonly host: Host;
  /** The card that booted. */
  readonly mac: Mac;
  readonly named: NamedRelease<NetbootRelease>;
  readonly policy: BootPolicy;
  /** Base of all URLs, without a trailing slash. */
  readonly base: string;
  /** Boot token of this script. */
  readonly token: string;
}

const LIMITS = { output: 64 * 1024, steps: 10_000 };

/**
 * The iPXE script of one boot. Every variable comes from a closed alphabet that iPXE reads as it is, so that nothing
 * a user or a client wrote becomes a command.
 */
export function bootScript(templates: ScriptTemplates, input: ScriptInput): string {
  const { host, mac, named, policy, base, token } = input;
  const { digest, release } = named;
  const cmdline = kernelCommandLine({
    release,
    host: host.cmdline,
    mac,
    onFailure: policy.onFailure,
  });
  const variables = {
    base,
    host: host.name,
    image: host.image,
    release: digest,
    kernelUrl: artefactUrl(base, release.kernel.digest),
    initramfsUrl: artefactUrl(base, release.initramfs.digest),
    envUrl: `${base}/boot/env?token=${token}`,
    cmdline,
    macDashes: macWithDashes(mac),
    onFailure: policy.onFailure,
  };
  return renderTemplate(templates.script, variables, LIMITS);
}

/** The iPXE script that says why there is nothing to boot and tries again later. */
export function refusalScript(templates: ScriptTemplates, refusal: Refusal): string {
  const variables = {
    base: refusal.base,
    macDashes: macWithDashes(refusal.mac),
    reason: ipxeText(refusal.reason),
  };
  return renderTemplate(templates.refuse, variables, LIMITS);
}

/** Why a host has nothing to boot. */
export interface Refusal {
  readonly base: string;
  readonly mac: Mac;
  readonly reason: string;
}

/** The URL of an artefact, below the base of all URLs. */
export function artefactUrl(base: string, digest: Digest): string {
  return `${base}/artefacts/sha256/${digestHex(digest)}`;
}

/** Who boots what, told to the initramfs by the boot loader. */
export interface BootEnvironment {
  readonly base: string;
  readonly token: string;
  readonly host: string;
  readonly boot: BootId;
  readonly release: Digest;
}

/** The file `boot.env`: lines of KEY=VALUE whose values need no quoting in a shell. */
export function bootEnvironment(env: BootEnvironment): string {
  const lines: readonly (readonly [string, string])[] = [
    ['BIVOUAC_SERVER', env.base],
    ['BIVOUAC_TOKEN', env.token],
    ['BIVOUAC_HOST', env.host],
    ['BIVOUAC_BOOT', env.boot],
    ['BIVOUAC_RELEASE', env.release],
  ];
  for (const [key, value] of lines) {
    if (!/^[A-Za-z0-9:/._-]+$/.test(value))
      throw new RangeError(`Cannot write "${key}" into boot.env: not plain`);
  }
  return lines.map(([key, value]) => `${key}=${value}\n`).join('');
}

/**
 * A text as `echo` of iPXE prints it: there is no quoting, so what iPXE would expand or take for the end of the command
 * becomes a question mark.
 */
export function ipxeText(text: string): string {
  return text.slice(0, 300).replace(/[^A-Za-z0-9 ."',:/()=@+_-]/g, '?');
}
