import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { hostFromFields, refuseFileHost } from '../../config/register-host.ts';
import { type Mac, parseMac } from '../../core/address.ts';
import { AppError } from '../../core/errors.ts';
import { type Host, type HostName, parseHostName } from '../../core/host.ts';
import type { ImageDefinition } from '../../core/image.ts';
import type { HostStore } from '../../ports/host-store.ts';
import type { SnapshotSource } from '../../ports/snapshot.ts';
import { HostBody, HostDocument } from '../schemas.ts';

/** What the routes of hosts work on. */
export interface HostRoutesOptions {
  readonly snapshots: SnapshotSource;
  readonly hosts: HostStore;
  /** The images of the configuration in force. */
  readonly images: () => readonly ImageDefinition[];
}

const Params = Type.Object({ name: Type.String() });
const Query = Type.Object(
  { mac: Type.Optional(Type.String()), image: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
const TAGS = { tags: ['hosts'], security: [{ admin: [] }] };

/** `/api/v1/hosts`: list, show, register, remove. */
export function hostRoutes(options: HostRoutesOptions) {
  return (base: FastifyInstance): void => {
    const app = base.withTypeProvider<TypeBoxTypeProvider>();
    const listed = { querystring: Query, response: { 200: Type.Array(HostDocument) } };
    app.get('/api/v1/hosts', { schema: { ...TAGS, summary: 'List hosts', ...listed } }, async (request) => {
      const { inventory } = await options.snapshots.current();
      const wanted = filterOf(request.query);
      return inventory.hosts.filter((host) => isWanted(host, wanted)).map(shown);
    });

    const one = { params: Params, response: { 200: HostDocument } };
    app.get(
      '/api/v1/hosts/:name',
      { schema: { ...TAGS, summary: 'Show a host', ...one } },
      async (request) => {
        const { inventory } = await options.snapshots.current();
        const host = inventory.byName.get(hostNameOf(request.params.name));
        if (host === undefined) throw unknownHost(request.params.name);
        return shown(host);
      },
    );

    const put = { params: Params, body: HostBody, response: { 200: HostDocument, 201: HostDocument } };
    app.put(
      '/api/v1/hosts/:name',
      { schema: { ...TAGS, summary: 'Register or change a host', ...put } },
      async (request, reply) => {
        const name = hostNameOf(request.params.name);
        const snapshot = await options.snapshots.current();
        const host = hostFromFields(name, request.body, { snapshot, images: options.images() });
        await options.hosts.put(host);
        return reply.code(snapshot.inventory.byName.has(name) ? 200 : 201).send(shown(host));
      },
    );

    app.delete(
      '/api/v1/hosts/:name',
      { schema: { ...TAGS, summary: 'Remove a registered host', params: Params } },
      async (request, reply) => {
        const name = hostNameOf(request.params.name);
        refuseFileHost(name, { snapshot: await options.snapshots.current() }, 'remove');
        if (!(await options.hosts.remove(name))) throw unknownHost(name);
        return reply.code(204).send();
      },
    );
  };
}

/** The host name in a path. Fails with `invalid-input`. */
export function hostNameOf(text: string): HostName {
  const name = parseHostName(text);
  if (name !== undefined) return name;
  throw new AppError('invalid-input', `Cannot use ${JSON.stringify(text.slice(0, 80))} as a host name`, {
    remedy: 'Use letters, digits and dashes, at most 63',
  });
}

/** No such host. */
export function unknownHost(name: string): AppError {
  return new AppError('not-found', `There is no host "${name}"`, {
    remedy: 'GET /api/v1/hosts lists them all',
  });
}

interface HostFilter {
  readonly mac: Mac | undefined;
  readonly image: string | undefined;
}

function filterOf({ mac, image }: { mac?: string; image?: string }): HostFilter {
  const parsed = mac === undefined ? undefined : parseMac(mac);
  if (mac !== undefined && parsed === undefined) {
    throw new AppError('invalid-input', `Cannot use ${JSON.stringify(mac.slice(0, 80))} as a MAC`, {
      remedy: 'Give six octets such as 52:54:00:12:34:56',
    });
  }
  return { mac: parsed, image };
}

function isWanted(host: Host, { mac, image }: HostFilter): boolean {
  return (mac === undefined || host.macs.includes(mac)) && (image === undefined || host.image === image);
}

function shown(host: Host) {
  return { ...host, macs: [...host.macs], cmdline: [...host.cmdline] };
}
