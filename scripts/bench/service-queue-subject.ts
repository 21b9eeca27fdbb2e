// One worker of the queue measurement: jobs that do nothing. With `fill` and a number, it fills the queue instead.
import { once } from 'node:events';
import { openDatabase } from '../../src/service/database.ts';
import { openQueue } from '../../src/service/queue.ts';

const [place = '', what = '', count = '0'] = process.argv.slice(2);
// Most connections wait: fifty workers with ten each are more than PostgreSQL has.
const database = await openDatabase(place, { connections: 2 });
const bounds = { memory: 1e9, seconds: 600, layerBytes: 1e10, factBytes: 1e9 };
const queue = await openQueue(database, { now: Date.now, settings: { bounds } });
/** Asked for as the API does. */
const ASKS = 500;
const say = (text: string | number): void => void process.stdout.write(`${text}\n`);

if (what === 'fill') {
  await database.query('TRUNCATE pgboss.job; TRUNCATE image CASCADE');
  const started = performance.now();
  const ask = (i: number) =>
    queue.ask({
      image: { registry: 'registry.example.com', repository: `team/app-${i}`, tag: '1' },
      reason: 'api',
    });
  for (let i = 0; i < ASKS; i += 2) await Promise.all([ask(i), ask(i + 1)]);
  say((performance.now() - started) / 1000 / ASKS);
  await database.query(
    `INSERT INTO pgboss.job (name, data) SELECT 'grade', '{"askId":""}' FROM generate_series(1, $1::int)`,
    [Number(count)],
  );
  await database.query('ANALYZE pgboss.job');
  say('filled');
} else {
  let done = 0;
  say('ready');
  process.stdin.resume();
  await once(process.stdin, 'data');
  const nothing = (): Promise<void> => {
    done += 1;
    return Promise.resolve();
  };
  queue.work('grade', nothing);
  await once(process.stdin, 'data');
  say(done);
}
await queue.stop({ seconds: 5 });
await database.close();
process.stdin.destroy();
