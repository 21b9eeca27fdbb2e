import { resolve } from 'node:path';
import { pipelineContext } from '../cli/conversation.ts';
import type { FlagValues } from '../cli/flag-table.ts';
import { command } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { imageSettings } from '../cli/operands.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { bytesText, quantity } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { DB } from './db-spec.ts';
import { familyOf } from './osv-records.ts';
import {
  type DatabaseState,
  listDatabases,
  pruneDatabases,
  type Updated,
  updateDatabase,
  type UpdateProgress,
} from './update-database.ts';

export const db = command(DB, async (flags, [action = '', ...named], io) => {
  const context = pipelineContext(io);
  const families = [...new Set(named.map(familyOf))];
  const { json, policy, unusedDays } = flags;
  switch (action) {
    case 'update':
      return update(context, families, flags, io);
    case 'status': {
      const states = await listDatabases(context);
      const days = (await imageSettings(policy, io)).databaseDays;
      io.writeOut(json ? jsonOf(states, io.now()) : statusText(states, days, io.now()));
      return EXIT.met;
    }
    case 'prune': {
      const gone = await pruneDatabases(context, families, unusedDays * DAY_MS);
      const bytes = gone.reduce((sum, one) => sum + one.bytes, 0);
      const text = `freed ${bytesText(bytes)}: ${quantity(gone.length, 'database')}\n`;
      io.writeOut(json ? jsonOf(gone, io.now()) : text);
      return EXIT.met;
    }
    default:
      throw new UserError(`db does not know ${JSON.stringify(action)}`, {
        nextStep: 'scoville db update, scoville db status or scoville db prune',
      });
  }
});

async function update(
  context: PipelineContext,
  named: readonly string[],
  flags: FlagValues<typeof DB.flags>,
  io: CommandIo,
): Promise<number> {
  const settings = await imageSettings(flags.policy, io);
  const source = flags.from ?? settings.osv.exports;
  const isAddress = /^https?:\/\//.test(source);
  if (isAddress && /^[a-z]+:\/\/[^/?#]*@|[?#]/.test(source))
    throw new UserError('an address of exports has no user, password or query', {
      nextStep: 'scoville db update --from https://HOST/PATH, or --from FOLDER',
    });
  if (isAddress && settings.offline)
    throw new UserError(`offline is set, and ${source} needs a network`, {
      nextStep: 'scoville db update --from FOLDER',
    });
  const from = isAddress ? source.replace(/(?<!\/)\/+$/, '') : resolve(io.cwd, source);
  // Those of graded images, and those that were fetched for another reason, as GIT.
  const ecosystems =
    named.length > 0 ? named : (await listDatabases(context)).map(({ ecosystem }) => ecosystem);
  if (ecosystems.length === 0)
    throw new UserError('no image was graded yet, so no ecosystem is known', {
      nextStep: 'scoville db update Debian npm (or other ecosystems; see scoville db --help)',
    });
  const done: Updated[] = [];
  const failures: UserError[] = [];
  for (const ecosystem of ecosystems)
    try {
      const onProgress = updateProgress(io);
      const updated = await updateDatabase(context, { ecosystem, from, onProgress });
      done.push(updated);
      if (!flags.json) io.writeOut(updatedText(updated));
    } catch (error) {
      io.signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      failures.push(error);
      io.writeErr(`scoville: ${cleanForTerminal(messageOf(error))}\n`);
    }
  if (flags.json)
    io.writeOut(`${JSON.stringify(done.map(({ meta, isNew }) => ({ isNew, ...shown(meta) })))}\n`);
  const [first] = failures;
  if (first === undefined) return EXIT.met;
  const text = `${quantity(failures.length, 'database')} not updated`;
  throw new UserError(text, { cause: first, ...given({ nextStep: first.nextStep }) });
}

function updatedText({ meta, isNew }: Updated): string {
  const { ecosystem, records, date } = meta;
  const state = isNew ? '' : ', unchanged';
  return `${ecosystem}: ${quantity(records, 'advisory', 'advisories')} of ${date.slice(0, 10)}${state}\n`;
}

/** What scripts read of a database; where it lies in the file is nobody's business. */
function shown({ ecosystem, from, date, fetched, records }: Updated['meta']) {
  return { ecosystem, from, date, fetched, records };
}

function jsonOf(states: readonly DatabaseState[], now: number): string {
  const rows = states.map(({ ecosystem, meta, bytes, seen }) => ({
    ecosystem,
    ...(meta === undefined ? {} : { ...shown(meta), days: daysOld(meta.date, now) }),
    bytes,
    ...(seen === undefined ? {} : { lastGraded: new Date(seen).toISOString() }),
  }));
  return `${JSON.stringify(rows)}\n`;
}

function daysOld(date: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(date)) / DAY_MS));
}

function statusText(states: readonly DatabaseState[], mostDays: number, now: number): string {
  if (states.length === 0) return 'no databases. Run: scoville db update ECOSYSTEM\n';
  const width = Math.max(...states.map(({ ecosystem }) => ecosystem.length));
  return states
    .map(({ ecosystem, meta, bytes }) => {
      if (meta === undefined) return `${ecosystem.padEnd(width)}  missing: scoville db update\n`;
      const days = daysOld(meta.date, now);
      const age = days > mostDays ? `${days} days old: update it` : `${quantity(days, 'day')} old`;
      const of = `${quantity(meta.records, 'advisory', 'advisories')}, ${bytesText(bytes)}`;
      return `${ecosystem.padEnd(width)}  ${meta.date.slice(0, 10)}, ${age}; ${of}\n`;
    })
    .join('');
}

const EVERY_MS = 2000;

/** Says on stderr, every other second, how many bytes of an export are fetched or read. */
function updateProgress({
  now,
  writeErr,
}: Pick<CommandIo, 'now' | 'writeErr'>): (progress: UpdateProgress) => void {
  let last = now();
  return ({ ecosystem, step, done, total }) => {
    if (now() - last < EVERY_MS) return;
    last = now();
    const of = total === undefined ? '' : ` of ${bytesText(total)}`;
    writeErr(`${ecosystem}: ${step === 'fetch' ? 'fetched' : 'read'} ${bytesText(done)}${of}\n`);
  };
}
