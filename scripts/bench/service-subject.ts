// The worker loop of `scoville serve`, without its pages: asks for a fleet, waits until each image is graded, and the same a day later.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../src/service/database.ts';
import { gradeAgain } from '../../src/service/follow.ts';
import { residentBytes } from '../../src/service/grader.ts';
import type { Logger } from '../../src/service/log.ts';
import { openQueue } from '../../src/service/queue.ts';
import { makeRecords } from '../../src/service/records.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import { makeWorkers } from '../../src/service/worker.ts';

interface Task {
  readonly registry: string;
  readonly repositories: readonly string[];
  readonly home: string;
  readonly database: string;
  readonly graders: number;
  readonly grader: string;
  readonly osvUrl: string;
}

const task = JSON.parse(readFileSync(0, 'utf8')) as Task;
const { registry, repositories, home, graders } = task;
const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const quiet = (): void => undefined;
const log: Logger = {
  debug: quiet,
  info: quiet,
  warn: console.error,
  error: console.error,
};

const settings: ServiceSettings = {
  listen: { host: '127.0.0.1', port: 0 },
  database: task.database,
  workers: graders,
  reading: 'open',
  proxies: [],
  osv: task.osvUrl,
  registries: [
    { host: registry, repositories: [], follow: [], plainHttp: true, also: [], isPrivate: false },
  ],
  webhooks: {},
  notify: [],
  trust: { images: [], keys: [], identities: [], bases: [] },
  every: { gradeSeconds: 86_400, followSeconds: 600 },
  keepSeconds: 400 * 86_400,
  bounds: { memory: 1024 ** 3, seconds: 600, layerBytes: 10e9, factBytes: 1e9 },
};
let ahead = 0;
const now = (): number => Date.now() + ahead;
const database = await openDatabase(task.database, { log });
const records = makeRecords(database, { now, settings });
const queue = await openQueue(database, { now, settings, log });
let graded = 0;
const workers = makeWorkers(
  { settings, records, queue, log, now },
  {
    graders,
    home,
    env: process.env,
    file: new URL(task.grader),
    onGraded: ({ outcome }) => {
      if (outcome !== 'done') throw new Error(`an image was not graded: ${outcome}`);
      graded += 1;
    },
  },
);
workers.start();

/** Seconds of processor of the graders, as Linux has them; 0 for one that ended. */
function graderSeconds(): number {
  return workers.pids.reduce((sum, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return sum;
    }
  }, 0);
}

async function round(reason: 'api' | 'daily'): Promise<unknown> {
  graded = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  const images = repositories.map((repository) => ({ registry, repository, tag: '1' }));
  // As a day's round and a request do.
  if (reason === 'daily') await gradeAgain({ records, queue }, images.length);
  else for (const image of images) await queue.ask({ image, reason });
  const gradersBefore = graderSeconds();
  while (graded < repositories.length) await sleep(20);
  for (;;) {
    const { grade, again } = await queue.sizes();
    if (grade.waiting + grade.running + again.waiting + again.running === 0) break;
    await sleep(10);
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const sizes = await Promise.all([process.pid, ...workers.pids].map(residentBytes));
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    graderSeconds: graderSeconds() - gradersBefore,
    megabytes: sizes.map((one) => one / 1e6),
  };
}

say(await round('api'));
ahead = 86_400_000;
say(await round('daily'));
say({ factBytes: (await records.counts()).factBytes });
await queue.stop({ seconds: 10 });
workers.close();
await database.close();
