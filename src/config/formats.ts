import Type from 'typebox';
import { faultOfArgument } from '../boot/cmdline.ts';
import { isUnicastMac, parseIpv4, parseMac, parseRange, parseSubnet } from '../core/address.ts';
import { isBranchName } from '../core/branch.ts';
import { durationSeconds } from '../core/duration.ts';
import { isHostPattern } from '../core/host-pattern.ts';
import { parseChannelName, parseImageName } from '../core/image.ts';
import { isPackageVersion } from '../core/package.ts';

/** A text that `parse` understands; `wanted` completes "…, wanted". */
export function text(wanted: string, isValid: (value: string) => boolean) {
  return Type.Refine(Type.String({ maxLength: 4096, description: wanted }), isValid, () => wanted);
}

/** A MAC address in any usual spelling; no group address. */
export const MacText = text('six octets such as "52:54:00:12:34:56", not a group address', (value) => {
  const mac = parseMac(value);
  return mac !== undefined && isUnicastMac(mac);
});

/** An IPv4 address. */
export const Ipv4Text = text(
  'an IPv4 address such as "10.77.0.1"',
  (value) => parseIpv4(value) !== undefined,
);

/** An IPv4 network. */
export const SubnetText = text('a network such as "10.77.0.0/24", host bits zero', (value) => {
  const subnet = parseSubnet(value);
  return subnet !== undefined && subnet.prefix >= 8 && subnet.prefix <= 30;
});

/** A closed range of IPv4 addresses. */
export const RangeText = text(
  'a range such as "10.77.0.100-10.77.0.199", the lower address first',
  (value) => parseRange(value) !== undefined,
);

/** A DNS domain (RFC 1123 section 2.1). */
export const DomainText = text(
  'a domain name such as "lab.example.org"',
  (value) =>
    value.length <= 253 &&
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(value),
);

/** A time of one minute to 30 days. */
export const DurationText = text('a time such as "90s", "30m", "1h" or "7d", of 1m to 30d', (value) => {
  const seconds = durationSeconds(value);
  return seconds !== undefined && seconds >= 60 && seconds <= 30 * 86_400;
});

/** A time of nothing to ten minutes. */
export const GraceText = text('a time such as "30s" or "2m", of 0s to 10m', (value) => {
  const seconds = value === '0s' ? 0 : durationSeconds(value);
  return seconds !== undefined && seconds <= 600;
});

/** Memory of nothing to 1 TiB. */
export const SizeText = text(
  'a size such as "512MiB" or "2GiB", or "0"',
  (value) => sizeBytes(value) !== undefined,
);

/** Name of an image. */
export const ImageText = text('the name of an image', (value) => parseImageName(value) !== undefined);

/** Name of a channel. */
export const ChannelText = text(
  'the name of a channel such as "stable"',
  (value) => parseChannelName(value) !== undefined,
);

/** Name of a git branch. */
export const BranchText = text('the name of a branch such as "main"', isBranchName);

/** Version of a Debian package. */
export const PackageVersionText = text('a version such as "6.12.48-1"', isPackageVersion);

/** A pattern of hosts. */
export const HostPatternText = text('a host pattern such as "web*"', isHostPattern);

/** A path on this machine. */
export const PathText = text('a path', (value) => value !== '' && !value.includes('\0'));

/** Permission bits in octal. */
export const ModeText = text('octal digits in quotes such as "0644"', (value) => /^[0-7]{3,4}$/.test(value));

/** Numeric user and group. */
export const OwnerText = text('numeric user and group in quotes such as "0:0"', (value) => {
  const [user, group, ...rest] = value.split(':');
  return rest.length === 0 && [user, group].every(isNumericId);
});

/** What firmware boots: a published file or a URL; all of it fits into option 67. */
export const BootfileText = text(
  'a file of the image "nbp" such as "ipxe.efi", or for HTTP Boot a URL such as "http://10.77.0.9/grub.efi"',
  (value) =>
    value.length <= 255 &&
    (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(value) ||
      /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?\/[!-~]*$/.test(value)),
);

/** One kernel argument, by the rule that boots are answered by. */
export const KernelArgumentText = text(
  'one kernel argument such as "console=ttyS0", without what a boot loader would interpret',
  (value) => value.length <= 512 && faultOfArgument(value) === undefined,
);

const UNIT_BYTES: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Bytes of `512MiB`, `2GiB`, `0`; undefined for another form, and for more than 1 TiB. */
export function sizeBytes(value: string): number | undefined {
  if (value === '0') return 0;
  const match = /^([1-9][0-9]{0,8})(KiB|MiB|GiB)$/.exec(value);
  const unit = UNIT_BYTES[match?.[2] ?? ''];
  const bytes = unit === undefined ? undefined : Number(match?.[1]) * unit;
  return bytes !== undefined && bytes <= 1024 ** 4 ? bytes : undefined;
}

function isNumericId(value: string | undefined): boolean {
  // The largest id means "unchanged" to chown(2).
  return value !== undefined && /^(0|[1-9][0-9]{0,9})$/.test(value) && Number(value) < 0xffff_ffff;
}
