import {
  bool,
  type CommandSpec,
  type FlagValues,
  many,
  oneOf,
  text,
  whole,
} from '../cli/flag-table.ts';
import { SCOPES } from './shapes.ts';

/** Each grades one image at a time, in a process of its own. */
const MOST_WORKERS = 64;
const ACTIONS = ['ask', 'token'] as const;

const COMMON = {
  settings: text('FILE', 'Settings of the service (docs/service.md)', { path: true }),
  database: text('URL|FOLDER', 'postgres://..., or a folder for the embedded one', {
    path: true,
    standard: 'SCOVILLE_DATABASE, else a folder in your home',
  }),
  registry: many(
    'HOST[/PATTERN]',
    'Images of this registry may be graded; may be repeated. No other host is asked',
  ),
  workers: whole(
    'N',
    'Images graded at once',
    { most: MOST_WORKERS },
    { standard: 'one a processor, up to 4' },
  ),
};

export const SERVE = {
  name: 'serve',
  usage: [
    'serve [flags]',
    'serve ask [flags] IMAGE',
    'serve token create|revoke [flags] NAME',
    'serve token list [flags]',
  ],
  about: `
Starts a service that grades images when they are asked for, pushed or a day old: an API, a badge for each image, and pages. It
keeps what it knows in an embedded PostgreSQL, or in yours. Reading is open, asking needs a token. The first start makes
one and keeps it in a file that only you can read.
ask lets a service that runs grade an image, and prints the address of its badge. token makes, lists and revokes the
tokens of a service.`,
  examples: [
    ['scoville serve --registry localhost:5000', 'grade images of this registry'],
    ['scoville serve ask localhost:5000/shop/api:1', 'let it grade one, print its badge'],
    ['scoville serve --settings service.yaml', 'follow repositories, take webhooks'],
    ['scoville serve token create ci --database postgres://...', 'a token for a CI system'],
  ],
  exits: [
    ['0', 'done, or stopped by SIGTERM or Ctrl-C'],
    ['2', 'it could not start, or the image could not be graded'],
    ['130', 'canceled'],
  ],
  flags: {
    ...COMMON,
    listen: text('HOST:PORT', 'Where it listens; port 0 takes a free one', {
      standard: '127.0.0.1:8480',
    }),
    url: text('URL', 'Its address in links and badges; for ask, the service that is asked', {
      standard: 'http:// and where it listens',
    }),
    'token-file': text('FILE', 'ask: the token', {
      path: true,
      standard: 'SCOVILLE_TOKEN, else that of the first start',
    }),
    fresh: bool('ask: grade it again, though it was graded today'),
    json: bool('ask, token: print the result as JSON on stdout'),
    scope: many(
      'SCOPE',
      'token create: what the token may do; may be repeated',
      { choices: SCOPES, standard: 'ask' },
      oneOf(SCOPES),
    ),
    days: whole('DAYS', 'token create: how long it counts', { least: 1, most: 3650 }),
  },
  titles: { settings: 'What is graded', listen: 'The service', 'token-file': 'ask and token' },
  operands: { most: 3, error: 'takes ask IMAGE or token ACTION', choices: ACTIONS },
} satisfies CommandSpec;

export const WORKER = {
  name: 'worker',
  usage: ['worker [flags]'],
  about: `
Grades what a service was asked for, on this machine: start as many as you like, beside one PostgreSQL. It takes the
settings of the service.`,
  examples: [
    ['scoville worker --settings service.yaml', 'the settings name the database'],
    ['scoville worker --database postgres://... --registry HOST', 'without a file'],
  ],
  exits: [
    ['0', 'stopped by SIGTERM or Ctrl-C'],
    ['2', 'it could not start'],
    ['130', 'canceled'],
  ],
  flags: {
    ...COMMON,
    listen: text('HOST:PORT', 'Answer /healthz, /readyz and /metrics here', {
      standard: 'nowhere',
    }),
  },
  operands: { most: 0, error: 'does not take names' },
} satisfies CommandSpec;

export type ServeFlags = FlagValues<typeof SERVE.flags>;
export type WorkerFlags = FlagValues<typeof WORKER.flags>;
