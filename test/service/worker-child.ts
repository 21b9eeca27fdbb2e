import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '../../src/service/database.ts';
import { openQueue } from '../../src/service/queue.ts';
import { recordOf } from '../../src/service/record-rows.ts';
import { makeRecords } from '../../src/service/records.ts';
import { madeGrade, SETTINGS } from './made.ts';

/** A worker that grades nothing: it waits, at moments at which it may be killed. */
async function work(place: string): Promise<void> {
  const database = await openDatabase(place);
  const { now } = Date;
  const records = makeRecords(database, { now, settings: SETTINGS });
  const queue = await openQueue(database, {
    ...{ now, settings: SETTINGS, silentSeconds: 2, pollMs: 100 },
  });
  queue.work(
    'grade',
    async ({ data }) => {
      if ((await records.start(data.askId)) === undefined) return;
      await wait(Math.random() * 100);
      await records.finish(data.askId, madeGrade({ at: Date.now() }), async () => {
        // Between the insert and the end of the transaction.
        await wait(Math.random() * 100);
      });
      await wait(Math.random() * 50);
    },
    { parallel: 3 },
  );
  queue.work('again', async ({ data: { due } }) => {
    await wait(Math.random() * 100);
    const made = recordOf(madeGrade({ at: Date.now() }));
    const all = new Map(due.map(({ name }) => [name, made]));
    await records.finishDue(due, all, async () => {
      await wait(Math.random() * 4);
    });
    await wait(Math.random() * 100);
  });
  process.stdout.write('works\n');
}

void work(process.argv[2] ?? '');
