import Type, { type Static, type TProperties } from 'typebox';
import { IMAGE_CPUS } from '../core/arch.ts';
import { SUBNET_MODES } from '../core/subnet.ts';
import { AnsibleSchema } from './ansible.ts';
import { BuildSchema } from './build-settings.ts';
import {
  BootfileText,
  ChannelText,
  DomainText,
  DurationText,
  ImageText,
  Ipv4Text,
  KernelArgumentText,
  MacText,
  ModeText,
  OwnerText,
  PathText,
  RangeText,
  SizeText,
  SubnetText,
} from './formats.ts';
import { RecipesSchema } from './recipes.ts';
import { TftpSchema } from './tftp.ts';
import { HttpSchema, HttpsSchema } from './web.ts';

/** A YAML mapping with these keys and no others. */
export function mapping<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false });
}

const Port = Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port, 1 to 65535' });
const Listener = mapping({ port: Type.Optional(Port) });

/** Shape of one of `dhcp.subnets`. */
export const SubnetSchema = mapping({
  subnet: SubnetText,
  mode: Type.Optional(Type.Enum([...SUBNET_MODES])),
  server: Type.Optional(Ipv4Text),
  pool: Type.Optional(RangeText),
  router: Type.Optional(Ipv4Text),
  dns: Type.Optional(Type.Array(Ipv4Text, { maxItems: 8 })),
  domain: Type.Optional(DomainText),
  lease: Type.Optional(DurationText),
  bootp: Type.Optional(Type.Boolean({ description: 'true or false' })),
  probe: Type.Optional(Type.Boolean({ description: 'true or false' })),
  relays: Type.Optional(Type.Array(Ipv4Text, { maxItems: 256 })),
  tftp_block_size: Type.Optional(
    Type.Integer({ minimum: 512, maximum: 65_464, description: 'octets, 512 to 65464' }),
  ),
  options: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: 'a mapping of DHCP options' }),
  ),
});

/** One of `dhcp.subnets` as the file has it. */
export type SubnetShape = Static<typeof SubnetSchema>;

/** Shape of `bivouac.yml`. */
export const ServerFileSchema = mapping({
  server: mapping({
    address: Ipv4Text,
    http: Type.Optional(HttpSchema),
    https: Type.Optional(HttpsSchema),
    tftp: Type.Optional(TftpSchema),
    dhcp: Type.Optional(Listener),
    data: Type.Optional(PathText),
  }),
  dhcp: mapping({
    subnets: Type.Array(SubnetSchema, { minItems: 1, maxItems: 256, description: 'a list of subnets' }),
  }),
  unknown_hosts: Type.Optional(
    Type.Union(
      [
        Type.Literal('ignore'),
        Type.Literal('address'),
        mapping({ image: ImageText, channel: Type.Optional(ChannelText) }),
      ],
      { description: '"ignore", "address" or {image: NAME}' },
    ),
  ),
  boot: Type.Optional(
    mapping({
      on_failure: Type.Optional(Type.Enum(['retry', 'shell', 'reboot'])),
      token_lifetime: Type.Optional(DurationText),
      conffs_size: Type.Optional(SizeText),
    }),
  ),
  build: Type.Optional(BuildSchema),
  ansible: Type.Optional(AnsibleSchema),
  recipes: Type.Optional(RecipesSchema),
  directories: Type.Optional(
    mapping({
      images: Type.Optional(PathText),
      hosts: Type.Optional(PathText),
      boot: Type.Optional(PathText),
    }),
  ),
});

/** What a host is, in a host file and in the API alike. */
export const HOST_FIELDS = {
  mac: Type.Optional(MacText),
  macs: Type.Optional(Type.Array(MacText, { minItems: 1, maxItems: 16 })),
  address: Type.Optional(Ipv4Text),
  image: ImageText,
  channel: Type.Optional(ChannelText),
  arch: Type.Optional(Type.Enum([...IMAGE_CPUS])),
  cmdline: Type.Optional(Type.Array(KernelArgumentText, { maxItems: 64 })),
  bootfile: Type.Optional(BootfileText),
  variables: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'a mapping' })),
};

/** Shape of `hosts/<name>.yml`. */
export const HostFileSchema = mapping({
  ...HOST_FIELDS,
  files: Type.Optional(
    Type.Record(Type.String(), mapping({ mode: Type.Optional(ModeText), owner: Type.Optional(OwnerText) }), {
      description: 'a mapping of paths to {mode, owner}',
    }),
  ),
  delete: Type.Optional(Type.Array(Type.String({ description: 'an absolute path' }), { maxItems: 4096 })),
});
