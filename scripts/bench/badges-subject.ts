// Two servers: a fastify that answers a constant, and the service with one graded image. Tells their ports, and its processor
// time when it is asked.
import { openSync, writeSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { digestOf } from '../../src/model/reference.ts';
import { buildApp } from '../../src/service/app.ts';
import { openLog } from '../../src/service/log.ts';
import type { AppDeps } from '../../src/service/parts.ts';
import type { GradeRow, ImageName, ImageRow } from '../../src/service/shapes.ts';

const grade = 'B';
const latest = (image: ImageName): GradeRow => ({
  id: 'a',
  image,
  digest: digestOf(''),
  gradedAt: new Date(),
  origin: 'service',
  level: 3,
  overall: { points: 15, total: 23, grade },
  vectors: { minimalism: grade, provenance: grade, configuration: grade, vulnerabilities: grade },
  failing: [],
  scoville: '1',
});
const image = (name: ImageName): Promise<ImageRow> =>
  Promise.resolve({ image: name, isFollowed: false, latest: latest(name) });

async function port(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

const constant = fastify();
constant.get('/badge/constant.svg', async (_, reply) =>
  reply.type('image/svg+xml').send('<svg xmlns="http://www.w3.org/2000/svg"/>'),
);
const file = openSync('/dev/null', 'w');
const deps = {
  settings: { reading: 'open', registries: [], proxies: [] },
  records: { image },
  tokens: {},
  queue: {},
  database: {},
  now: Date.now,
  log: openLog((line) => writeSync(file, line), Date.now),
} as unknown as AppDeps;
const service = await buildApp(deps);
process.on('message', () => process.send?.(process.cpuUsage()));
process.send?.({ constant: await port(constant), service: await port(service) });
