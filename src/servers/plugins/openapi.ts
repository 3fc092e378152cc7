import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Describe the routes registered after it, from their schemas, at `/openapi.json`. */
export async function useOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bivouac',
        description:
          'Hosts, images and builds of a network-boot server. Every path below /api needs the admin token.',
        version: '1',
      },
      components: { securitySchemes: { admin: { type: 'http', scheme: 'bearer' } } },
      tags: [
        { name: 'hosts', description: 'Hosts and how they booted' },
        { name: 'builds', description: 'Builds of images' },
        { name: 'operations', description: 'State of the server' },
      ],
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
