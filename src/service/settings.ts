import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import SCHEMA from '../../schema/scoville-service-1.json' with { type: 'json' };
import {
  type CheckedDocument,
  type ConfigProblem,
  formatProblem,
  readDocument,
} from '../config/document.ts';
import { boundedText } from '../config/read-files.ts';
import type { Schema } from '../config/schema.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { keyScheme } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import { isAddress } from './database.ts';
import type { NotifyRule, RegistryRule, ServiceSettings, Webhook } from './deps.ts';

/** What the command line says; it goes above the file. */
export interface ServiceFlags {
  readonly settings?: string;
  readonly listen?: string;
  readonly database?: string;
  /** `HOST` or `HOST/PATTERN`, each allowed besides those of the file. */
  readonly registries?: readonly string[];
  readonly plainHttp?: readonly string[];
  readonly workers?: number;
  readonly reading?: 'open' | 'token';
  readonly url?: string;
}

export interface SettingsSurroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the embedded database, where nothing names one. */
  readonly folder: string;
}

interface GivenSecret {
  readonly secretFile?: string;
  readonly secretEnv?: string;
}

/** The file as its schema has it. */
interface Given {
  readonly listen?: string;
  readonly url?: string;
  readonly database?: string;
  readonly workers?: number;
  readonly reading?: 'open' | 'token';
  readonly registries?: readonly GivenRegistry[];
  readonly webhooks?: Readonly<Partial<Record<Webhook, GivenSecret>>>;
  readonly notify?: readonly (GivenSecret &
    Omit<NotifyRule, 'secret' | 'form'> &
    Partial<Pick<NotifyRule, 'form'>>)[];
  readonly key?: string;
  readonly trust?: Partial<Settings['trust']>;
  readonly every?: { readonly grade?: string; readonly follow?: string };
  readonly keep?: string;
  readonly bounds?: {
    readonly memory?: string;
    readonly seconds?: number;
    readonly layerBytes?: string;
    readonly layerFacts?: string;
  };
}

interface GivenRegistry {
  readonly host: string;
  readonly repositories?: readonly string[];
  readonly follow?: readonly string[];
  readonly username?: string;
  readonly usernameEnv?: string;
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly plainHttp?: boolean;
  readonly also?: readonly string[];
  readonly private?: boolean;
}

const LARGEST_FILE = 256 * 1024;
const LARGEST_SECRET = 64 * 1024;
const MOST_WORKERS = 4;

/**
 * Settings of the file and of flags, with secrets and defaults. Throws UserError with the line of
 * each problem.
 */
export async function serviceSettings(
  flags: ServiceFlags,
  { cwd, env, folder }: SettingsSurroundings,
): Promise<ServiceSettings> {
  const file = flags.settings === undefined ? undefined : resolve(cwd, flags.settings);
  const { given, problemAt } = await readFile(file);
  const problems: ConfigProblem[] = [];
  const note = (path: readonly (string | number)[], message: string): void => {
    problems.push(problemAt(path, message));
  };
  const beside = (path: string): string =>
    keyScheme(path) === undefined ? resolve(dirname(file ?? cwd), path) : path;
  /** A secret out of a file or of the environment; `key` names both settings. */
  const secret = async (
    at: readonly (string | number)[],
    key: string,
    from: Readonly<Record<string, string | undefined>>,
  ): Promise<string | undefined> => {
    const [path, name] = [from[`${key}File`], from[`${key}Env`]];
    const setting = `${key}${path === undefined ? 'Env' : 'File'}`;
    try {
      if (path !== undefined && name !== undefined) throw new Error(`${key}Env is set too`);
      if (path === undefined && name === undefined) return undefined;
      const text =
        path === undefined
          ? env[name ?? '']
          : await boundedText(beside(path), { largest: LARGEST_SECRET });
      const value = text?.trim() ?? '';
      if (value === '') throw new Error(`${path ?? name ?? ''} is empty`);
      return value;
    } catch (error) {
      const called = [...at, setting].join('.').replace(/\.(\d+)\./, '[$1].');
      note([...at, setting], `${called}: ${messageOf(error)}`);
      return undefined;
    }
  };

  const registries: RegistryRule[] = [];
  for (const [i, one] of (given.registries ?? []).entries()) {
    const at = ['registries', i];
    const host = hostOf(one.host);
    if (registries.some((other) => other.host === host))
      note([...at, 'host'], `${host} is listed twice`);
    const username =
      one.username ?? (await secret(at, 'username', { usernameEnv: one.usernameEnv }));
    const { passwordFile, passwordEnv } = one;
    const password = await secret(at, 'password', { passwordFile, passwordEnv });
    const hasUser = one.username !== undefined || one.usernameEnv !== undefined;
    const hasPassword = passwordFile !== undefined || passwordEnv !== undefined;
    if (hasUser !== hasPassword)
      note(
        at,
        `${host} needs both: ${hasUser ? 'passwordFile or passwordEnv' : 'username or usernameEnv'}`,
      );
    const { repositories = [], follow = [], plainHttp = false, also = [] } = one;
    registries.push({
      ...{ host, repositories, follow, plainHttp, also: also.map((name) => name.toLowerCase()) },
      isPrivate: one.private ?? false,
      ...(username === undefined || password === undefined
        ? {}
        : { credentials: { username, password } }),
    });
  }
  const webhooks: Partial<Record<Webhook, string>> = {};
  for (const name of ['docker', 'harbor', 'dockerhub'] as const) {
    const hook = given.webhooks?.[name];
    if (hook === undefined) continue;
    const word = await secret(['webhooks', name], 'secret', { ...hook });
    if (word !== undefined) webhooks[name] = word;
    else if (hook.secretFile === undefined && hook.secretEnv === undefined)
      note(['webhooks', name], `webhooks.${name} needs secretFile or secretEnv`);
  }
  const notify: NotifyRule[] = [];
  for (const [i, { url, form = 'json', ...rest }] of (given.notify ?? []).entries()) {
    const word = await secret(['notify', i], 'secret', rest);
    notify.push({ url, form, ...(word === undefined ? {} : { secret: word }) });
  }
  if (problems.length > 0) throw problemError(problems);
  const { images = [], keys = [], identities = [], bases = [], trustedRoot } = given.trust ?? {};
  const { every, bounds, key } = given;
  const named = flags.url ?? given.url;
  const url = named === undefined ? undefined : addressOf(named);
  return {
    listen: listenOf(flags.listen ?? given.listen ?? '127.0.0.1:8480'),
    ...(url === undefined ? {} : { url }),
    database: databaseOf(flags, env, given, cwd, beside) ?? folder,
    workers: flags.workers ?? given.workers ?? Math.min(availableParallelism(), MOST_WORKERS),
    reading: flags.reading ?? given.reading ?? 'open',
    registries: withFlags(registries, flags),
    ...{ webhooks, notify },
    ...(key === undefined ? {} : { key: beside(key) }),
    trust: {
      ...{ images, identities, bases, keys: keys.map(beside) },
      ...(trustedRoot === undefined ? {} : { trustedRoot: beside(trustedRoot) }),
    },
    every: {
      gradeSeconds: secondsOf(every?.grade ?? '24h'),
      followSeconds: secondsOf(every?.follow ?? '10m'),
    },
    keepSeconds: secondsOf(given.keep ?? '400d'),
    bounds: {
      memory: bytesOf(bounds?.memory ?? '1g'),
      seconds: bounds?.seconds ?? 600,
      layerBytes: bytesOf(bounds?.layerBytes ?? '10g'),
      factBytes: bytesOf(bounds?.layerFacts ?? '2g'),
    },
  };
}

function problemError(problems: readonly ConfigProblem[]): UserError {
  return new UserError(problems.map(formatProblem).join('\n  '), {
    nextStep: 'docs/service.md lists every setting',
  });
}

async function readFile(
  file: string | undefined,
): Promise<{ given: Given; problemAt: CheckedDocument['problemAt'] }> {
  const atStart = (message: string): ConfigProblem => ({
    ...{ file: file ?? '', line: 1, column: 1, message },
  });
  if (file === undefined) return { given: {}, problemAt: (_, message) => atStart(message) };
  const text = await boundedText(file, { largest: LARGEST_FILE, utf8: 'required' }).catch(
    (error: unknown) => {
      throw problemError([atStart(`cannot be read: ${messageOf(error)}`)]);
    },
  );
  const read = await readDocument(text, file, {
    schema: SCHEMA as Schema,
    check: () => import('schema-check:scoville-service-1'),
    longest: LARGEST_FILE,
    mostAliases: 100,
    mayBeEmpty: true,
  });
  if (!read.ok) throw problemError(read.error);
  return { given: read.value.value ?? {}, problemAt: read.value.problemAt };
}

const HUB = /^(?:index\.|registry-1\.)?docker\.io$/;

function hostOf(host: string): string {
  return HUB.test(host.toLowerCase()) ? 'docker.io' : host.toLowerCase();
}

/** The file's registries and those of `--registry` and `--plain-http`. */
function withFlags(
  given: readonly RegistryRule[],
  { registries: named = [], plainHttp = [] }: ServiceFlags,
): readonly RegistryRule[] {
  const all = [...given];
  for (const word of named) {
    const [, first = '', pattern] = /^([^/]+)(?:\/(.+))?$/.exec(word) ?? [];
    if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(first))
      throw new UserError(`invalid value "${word}" for --registry: use HOST or HOST/PATTERN`);
    const host = hostOf(first);
    const at = all.findIndex((one) => one.host === host);
    const before = all[at];
    const patterns = pattern === undefined ? [] : [pattern];
    if (before === undefined)
      all.push({
        ...{ host, repositories: patterns, follow: [], plainHttp: false, also: [] },
        isPrivate: false,
      });
    else {
      // One that allows all repositories stays as it is.
      const isAll = before.repositories.length === 0 || patterns.length === 0;
      const repositories = isAll ? [] : [...before.repositories, ...patterns];
      all[at] = { ...before, repositories };
    }
  }
  for (const host of plainHttp.map(hostOf))
    if (!all.some((one) => one.host === host))
      throw new UserError(`--plain-http ${host} is not one of the registries`, {
        nextStep: `add --registry ${host}`,
      });
  if (all.length === 0)
    throw new UserError('no registry is allowed, so no image could be graded', {
      nextStep: 'add --registry HOST, or registries to the settings file',
    });
  const plain = plainHttp.map(hostOf);
  return all.map((one) => (plain.includes(one.host) ? { ...one, plainHttp: true } : one));
}

function databaseOf(
  flags: ServiceFlags,
  env: SettingsSurroundings['env'],
  given: Given,
  cwd: string,
  beside: (path: string) => string,
): string | undefined {
  const fromEnv = env['SCOVILLE_DATABASE'];
  const named = flags.database ?? (fromEnv === '' ? undefined : fromEnv);
  if (named !== undefined) return isAddress(named) ? named : resolve(cwd, named);
  const { database } = given;
  return database === undefined || isAddress(database) ? database : beside(database);
}

function listenOf(text: string): ServiceSettings['listen'] {
  const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535 || !/^(?:[a-z0-9.-]*|\[[0-9a-f:.]+\])$/i.test(host))
    throw new UserError(`invalid value "${text}" for --listen: use HOST:PORT`);
  return { host: host === '' ? '0.0.0.0' : host.replaceAll(/[[\]]/g, ''), port };
}

function addressOf(text: string): string {
  if (!/^https?:\/\/[^\s?#@]+$/.test(text) || !URL.canParse(text))
    throw new UserError(`invalid value "${text}" for --url: use http://… or https://…`);
  return text.replace(/\/$/, '');
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function secondsOf(text: string): number {
  return Number.parseInt(text, 10) * (SECONDS[text.slice(-1)] ?? 1);
}

function bytesOf(text: string): number {
  return Number.parseInt(text, 10) * (BYTES[text.slice(-1)] ?? 1);
}
