import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { parseIpv4 } from '../../core/address.ts';
import { AppError } from '../../core/errors.ts';
import type { LeaseStore } from '../../ports/lease-store.ts';
import type { SnapshotSource } from '../../ports/snapshot.ts';
import { LeaseDocument } from '../schemas.ts';

/** What the routes of leases work on. */
export interface LeaseRoutesOptions {
  readonly snapshots: SnapshotSource;
  readonly leases: Pick<LeaseStore, 'list' | 'remove'>;
}

const ADMIN = { tags: ['operations'], security: [{ admin: [] }] };

/** `/api/v1/leases`: list them, release one. */
export function leaseRoutes({ snapshots, leases }: LeaseRoutesOptions) {
  return (base: FastifyInstance): void => {
    const app = base.withTypeProvider<TypeBoxTypeProvider>();
    const list = { summary: 'List leases', response: { 200: Type.Array(LeaseDocument) } };
    app.get('/api/v1/leases', { schema: { ...ADMIN, ...list } }, async () => {
      const { byMac } = (await snapshots.current()).inventory;
      return leases.list().map((lease) => {
        const host = byMac.get(lease.mac)?.name;
        return { ...lease, ...(host === undefined ? {} : { host }) };
      });
    });

    const release = {
      summary: 'Release the lease, or end the quarantine, of an address',
      params: Type.Object({ address: Type.String() }),
    };
    app.delete('/api/v1/leases/:address', { schema: { ...ADMIN, ...release } }, async (request, reply) => {
      const text = request.params.address;
      const address = parseIpv4(text);
      if (address === undefined || !(await leases.remove(address))) {
        throw new AppError('not-found', `Cannot release "${text}": there is no lease of this address`);
      }
      return reply.code(204).send();
    });
  };
}
