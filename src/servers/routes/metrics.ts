import type { FastifyInstance } from 'fastify';

/** What the route of metrics shows. */
export interface MetricsRoutesOptions {
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

/** `/metrics`, for Prometheus; it needs the admin token, since it tells what a site looks like. */
export function metricsRoutes({ metrics }: MetricsRoutesOptions) {
  return (app: FastifyInstance): void => {
    const schema = {
      tags: ['operations'],
      security: [{ admin: [] }],
      summary: 'Metrics in the text form of Prometheus',
      produces: ['text/plain'],
    };
    app.get('/metrics', { schema }, async (_request, reply) =>
      reply.header('content-type', metrics.contentType).send(await metrics.text()),
    );
  };
}
