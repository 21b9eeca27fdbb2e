import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import SCHEMA from '../../schema/scoville-service-1.json' with { type: 'json' };
import type { CommandIo } from '../cli/io.ts';
import {
  type CheckedDocument,
  type ConfigProblem,
  formatProblem,
  readDocument,
} from '../config/document.ts';
import { boundedText, readText } from '../config/read-files.ts';
import type { Schema } from '../config/schema.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { isObject, given as present } from '../lib/json.ts';
import { keyScheme } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import { isAddress } from './database.ts';
import type { ServeFlags } from './spec.ts';

export type Webhook = 'docker' | 'harbor' | 'dockerhub';

type Texts<K extends string> = Readonly<Partial<Record<K, string>>>;

export type NotifyRule = Texts<'secret'> & {
  readonly url: string;
  readonly form: 'json' | 'slack';
};

/** What the command line says; it goes above the file. */
export type ServiceFlags = Partial<
  Pick<ServeFlags, 'settings' | 'listen' | 'database' | 'workers' | 'url' | 'registry'>
>;

type GivenRegistry = Texts<'username' | 'password'> & { readonly host: string } & {
  readonly [K in 'repositories' | 'follow' | 'also']?: readonly string[];
} & { readonly [K in 'plainHttp' | 'private']?: boolean };

/** The file as its schema has it, which says what each setting means; with its secrets. */
type Given = Omit<ServiceFlags, 'settings' | 'registry'> &
  Texts<'key' | 'osv' | 'keep'> & {
    readonly reading?: 'open' | 'token';
    readonly proxies?: readonly string[];
    readonly registries?: readonly GivenRegistry[];
    readonly webhooks?: Readonly<Partial<Record<Webhook, Texts<'secret'>>>>;
    readonly notify?: readonly (Pick<NotifyRule, 'url'> & Partial<NotifyRule>)[];
    readonly trust?: Partial<Settings['trust']>;
    readonly every?: Texts<'grade' | 'follow'>;
    readonly bounds?: Texts<'memory' | 'layerBytes' | 'layerFacts'> & { readonly seconds?: number };
  };

type Path = readonly (string | number)[];

const LARGEST_FILE = 256 * 1024;
const LARGEST_SECRET = 64 * 1024;
const MOST_WORKERS = 4;

export type ServiceSettings = Awaited<ReturnType<typeof serviceSettings>>;

/**
 * Settings of the file and of flags, with secrets and defaults; `folder` is of the embedded
 * database, where nothing names one. Throws UserError with the line of each problem.
 */
export async function serviceSettings(
  flags: ServiceFlags,
  { cwd, env, folder }: Pick<CommandIo, 'cwd' | 'env'> & { readonly folder: string },
) {
  const file = flags.settings === undefined ? undefined : resolve(cwd, flags.settings);
  const { value, problemAt } = await readSettings(file);
  const problems: ConfigProblem[] = [];
  const note = (path: Path, message: string): void => {
    problems.push(problemAt(path, message));
  };
  const beside = (path: string): string =>
    keyScheme(path) === undefined ? resolve(dirname(file ?? cwd), path) : path;
  /** `passwordFile` and `passwordEnv` become the `password` that is there. */
  const withSecrets = async (value: unknown, at: Path): Promise<unknown> => {
    if (Array.isArray(value))
      return Promise.all(value.map((one, i) => withSecrets(one, [...at, i])));
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(async ([name, one]) => {
      const [, key, from] = /^(username|password|secret)(File|Env)$/.exec(name) ?? [];
      if (key === undefined) return [name, await withSecrets(one, [...at, name])] as const;
      const place = String(one);
      try {
        if (from === 'File' && `${key}Env` in value) throw new Error(`${key}Env is set too`);
        const text =
          from === 'Env'
            ? env[place]
            : await boundedText(beside(place), { largest: LARGEST_SECRET });
        const secret = text?.trim() ?? '';
        if (secret === '') throw new Error(`${place} is empty`);
        return [key, secret] as const;
      } catch (error) {
        const called = [...at, name].join('.').replace(/\.(\d+)\./, '[$1].');
        note([...at, name], `${called}: ${messageOf(error)}`);
        return [key, ''] as const;
      }
    });
    return Object.fromEntries(await Promise.all(entries));
  };

  const given = ((await withSecrets(value, [])) ?? {}) as Given;
  const registries = new Map<string, RegistryRule>();
  for (const [i, one] of (given.registries ?? []).entries()) {
    const rule = ruleOf(one);
    if (registries.has(rule.host)) note(['registries', i, 'host'], `${rule.host} is listed twice`);
    if (rule.credentials === undefined && (one.username ?? one.password) !== undefined) {
      const missing =
        one.username === undefined ? 'username or usernameEnv' : 'passwordFile or passwordEnv';
      note(['registries', i], `${rule.host} needs both: ${missing}`);
    }
    registries.set(rule.host, rule);
  }
  const webhooks: Partial<Record<Webhook, string>> = {};
  for (const [name, { secret }] of Object.entries(given.webhooks ?? {}))
    if (secret !== undefined) webhooks[name as Webhook] = secret;
    else note(['webhooks', name], `webhooks.${name} needs secretFile or secretEnv`);
  if (problems.length > 0) throw problemError(problems);
  const { every, bounds, key, osv } = given;
  const { keys = [], trustedRoot, ...others } = given.trust ?? {};
  const trust: Settings['trust'] = {
    images: [],
    identities: [],
    bases: [],
    ...others,
    keys: keys.map(beside),
    ...present({ trustedRoot: trustedRoot && beside(trustedRoot) }),
  };
  const database = flags.database ?? (await databaseOf(env));
  return {
    listen: listenOf(checked('listen', flags.listen) ?? given.listen ?? '127.0.0.1:8480'),
    ...present({
      url: (checked('url', flags.url) ?? given.url)?.replace(/\/$/, ''),
      key: key && beside(key),
      osv,
    }),
    database:
      placeOf(database, (path) => resolve(cwd, path)) ?? placeOf(given.database, beside) ?? folder,
    workers: flags.workers ?? given.workers ?? Math.min(availableParallelism(), MOST_WORKERS),
    reading: given.reading ?? 'open',
    proxies: given.proxies ?? [],
    registries: withNamed(registries, flags.registry),
    webhooks,
    notify: (given.notify ?? []).map((one): NotifyRule => ({ form: 'json', ...one })),
    trust,
    every: {
      gradeSeconds: scaled(every?.grade ?? '24h'),
      followSeconds: scaled(every?.follow ?? '10m'),
    },
    keepSeconds: scaled(given.keep ?? '400d'),
    bounds: {
      memory: scaled(bounds?.memory ?? '1g', BYTES),
      seconds: bounds?.seconds ?? 600,
      layerBytes: scaled(bounds?.layerBytes ?? '10g', BYTES),
      factBytes: scaled(bounds?.layerFacts ?? '2g', BYTES),
    },
  };
}

/** An address with a password is a secret: containers get it in a file, which may be missing. */
async function databaseOf(env: CommandIo['env']): Promise<string | undefined> {
  const [named = '', file = ''] = [env['SCOVILLE_DATABASE'], env['SCOVILLE_DATABASE_FILE']];
  if (named !== '' || file === '') return named === '' ? undefined : named;
  return (await readText(file, { largest: LARGEST_SECRET }))?.trim();
}

function problemError(problems: readonly ConfigProblem[]): UserError {
  return new UserError(problems.map(formatProblem).join('\n  '), {
    nextStep: 'docs/service.md lists every setting',
  });
}

async function readSettings(file: string | undefined): Promise<CheckedDocument> {
  const options = { largest: LARGEST_FILE, utf8: 'required' } as const;
  const text =
    file === undefined
      ? ''
      : await boundedText(file, options).catch((error: unknown) => {
          const message = `cannot be read: ${messageOf(error)}`;
          throw problemError([{ file, line: 1, column: 1, message }]);
        });
  const read = await readDocument(text, file ?? '', {
    schema: SCHEMA as Schema,
    check: () => import('schema-check:scoville-service-1'),
    longest: LARGEST_FILE,
    mostAliases: 100,
    mayBeEmpty: true,
  });
  if (!read.ok) throw problemError(read.error);
  return read.value;
}

const HUB = /^(?:index\.|registry-1\.)?docker\.io$/;

export type RegistryRule = ReturnType<typeof ruleOf>;

/** A registry that may be asked; no other host ever is. Without `repositories`: all of them. */
function ruleOf({ username, password, ...given }: GivenRegistry) {
  const { repositories = [], follow = [], also = [], plainHttp = false } = given;
  const host = given.host.toLowerCase();
  const hasBoth = username !== undefined && password !== undefined;
  return {
    host: HUB.test(host) ? 'docker.io' : host,
    repositories,
    follow,
    plainHttp,
    also: also.map((name) => name.toLowerCase()),
    isPrivate: given.private ?? false,
    ...present({ credentials: hasBoth ? { username, password } : undefined }),
  };
}

/** The file's registries and those of `--registry`. */
function withNamed(all: Map<string, RegistryRule>, words: readonly string[] = []) {
  for (const word of words) {
    const [, first = '', pattern] = /^([^/]+)(?:\/(.+))?$/.exec(word) ?? [];
    if (!new RegExp(SCHEMA.properties.registries.items.properties.host.pattern).test(first))
      throw new UserError(`invalid value "${word}" for --registry: use HOST or HOST/PATTERN`);
    const named = ruleOf({ host: first });
    const rule = all.get(named.host);
    // One that allows all repositories stays as it is.
    const isAll = rule?.repositories.length === 0 || pattern === undefined;
    const repositories = isAll ? [] : [...(rule?.repositories ?? []), pattern];
    all.set(named.host, { ...(rule ?? named), repositories });
  }
  if (all.size === 0)
    throw new UserError('no registry is allowed, so no image could be graded', {
      nextStep: 'add --registry HOST, or registries to the settings file',
    });
  return [...all.values()];
}

function placeOf(place: string | undefined, at: (path: string) => string): string | undefined {
  return place === undefined || isAddress(place) ? place : at(place);
}

/** A flag's value is checked as the setting of this name is. */
function checked(name: 'listen' | 'url', text: string | undefined): string | undefined {
  const { pattern, 'x-expects': expected } = SCHEMA.properties[name];
  if (text === undefined || new RegExp(pattern).test(text)) return text;
  throw new UserError(`invalid value "${text}" for --${name}: use ${expected}`);
}

function listenOf(text: string) {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host: host === '' ? '0.0.0.0' : host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function scaled(text: string, units = SECONDS): number {
  return Number.parseInt(text, 10) * (units[text.slice(-1)] ?? 1);
}
