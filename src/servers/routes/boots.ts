import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { AppError } from '../../core/errors.ts';
import type { BootId, BootRecord } from '../../core/event.ts';
import type { HostName } from '../../core/host.ts';
import { timelineOf } from '../../fleet/timeline.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { Limit, TimelineDocument } from '../schemas.ts';
import { hostNameOf } from './hosts.ts';

/** What the routes of boots work on. */
export interface BootRoutesOptions {
  readonly events: EventLog;
  readonly clock: Clock;
}

const TAGS = { tags: ['hosts'], security: [{ admin: [] }] };

/** `/api/v1/hosts/:name/boots`: how a host booted. */
export function bootRecordRoutes({ events, clock }: BootRoutesOptions) {
  return (base: FastifyInstance): void => {
    const app = base.withTypeProvider<TypeBoxTypeProvider>();
    const listed = {
      params: Type.Object({ name: Type.String() }),
      querystring: Type.Object({ limit: Limit }, { additionalProperties: false }),
      response: { 200: Type.Array(TimelineDocument) },
    };
    app.get(
      '/api/v1/hosts/:name/boots',
      { schema: { ...TAGS, summary: 'List boots, newest first', ...listed } },
      async (request) => {
        const records = await events.boots(hostNameOf(request.params.name), request.query.limit ?? 10);
        return records.map((record) => timelineOf(record, clock.now()));
      },
    );

    const one = {
      params: Type.Object({ name: Type.String(), boot: Type.String() }),
      response: { 200: TimelineDocument },
    };
    app.get(
      '/api/v1/hosts/:name/boots/:boot',
      { schema: { ...TAGS, summary: 'Show a boot by its id, or the "last" one', ...one } },
      async (request) => {
        const name = hostNameOf(request.params.name);
        const record = await findBoot(events, name, request.params.boot);
        if (record !== undefined) return timelineOf(record, clock.now());
        const which = request.params.boot === 'last' ? 'has no boot yet' : 'has no such boot';
        throw new AppError('not-found', `Host "${name}" ${which}`, {
          remedy: `GET /api/v1/hosts/${name}/boots lists its boots`,
        });
      },
    );
  };
}

async function findBoot(events: EventLog, name: HostName, which: string): Promise<BootRecord | undefined> {
  if (which === 'last') return (await events.boots(name, 1))[0];
  const record = isBootId(which) ? await events.find(which) : undefined;
  return record?.host === name ? record : undefined;
}

function isBootId(text: string): text is BootId {
  return /^[0-9a-z-]{1,64}$/.test(text);
}
