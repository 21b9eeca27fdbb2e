import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { operation, unavailable } from './http.ts';
import type { AppDeps } from './parts.ts';

export type Metrics = ReturnType<typeof openMetrics>;

const HTTP_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10];
const GRADE_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 180, 600];

/** Metrics of this process, and of the database that all share. */
export function openMetrics({ records, queue, database, now }: AppDeps) {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name: `scoville_${name}`, help, buckets, labelNames, registers });
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `scoville_${name}`, help, labelNames, registers });
  const labels = ['method', 'route', 'status'];
  const http = histogram('http_seconds', 'Time to answer requests.', labels, HTTP_SECONDS);
  const about = 'Time of the grades that ended here.';
  const grades = histogram('grade_seconds', about, ['outcome'], GRADE_SECONDS);
  const asks = gauge('asks', 'Grades that are asked for, by state.', 'state');
  const oldest = gauge('oldest_queued_seconds', 'How long the oldest queued grade waits.');
  const jobs = gauge('jobs', 'Jobs of the queue.', 'job', 'state');
  const images = gauge('images', 'Images that are known.');
  const bytes = gauge('database_bytes', 'Size of the database.', 'part');

  return {
    answered: (method: string, route: string, status: number, seconds: number): void => {
      http.observe({ method, route, status }, seconds);
    },
    graded: (outcome: 'done' | 'failed', seconds: number): void => {
      grades.observe({ outcome }, seconds);
    },
    text: async (): Promise<string> => {
      const size = 'select pg_database_size(current_database()) as bytes';
      const [counts, sizes, [all]] = await Promise.all([
        records.counts(),
        queue.sizes(),
        database.query<{ bytes: number }>(size),
      ]);
      for (const [state, number] of Object.entries(counts.asks)) asks.set({ state }, number);
      for (const [job, states] of Object.entries(sizes))
        for (const [state, number] of Object.entries(states)) jobs.set({ job, state }, number);
      const at = now();
      oldest.set(Math.max(0, at - (counts.oldestQueued?.getTime() ?? at)) / 1000);
      images.set(counts.images);
      bytes.set({ part: 'all' }, all?.bytes ?? 0);
      bytes.set({ part: 'layer facts' }, counts.factBytes);
      return register.metrics();
    },
    type: register.contentType,
  };
}

/** A grade that waits this long while none runs says that no worker is there. */
const NO_WORKER_MS = 180_000;

export function registerHealth(app: FastifyInstance, deps: AppDeps, metrics: Metrics): void {
  operation(app, 'healthz', { config: { rateLimit: false } }, () => ({ status: 'ok' }));
  operation(app, 'readyz', {}, async () => {
    const { asks, oldestQueued } = await deps.records.counts();
    const waits = oldestQueued === undefined ? 0 : deps.now() - oldestQueued.getTime();
    if (asks.running === 0 && waits > NO_WORKER_MS)
      throw unavailable('no worker takes the grades that wait: start one with scoville worker');
    return { status: 'ok' };
  });
  operation(app, 'metrics', {}, async (_, reply) =>
    reply.type(metrics.type).send(await metrics.text()),
  );
}
