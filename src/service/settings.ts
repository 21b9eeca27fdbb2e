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
import { boundedText } from '../config/read-files.ts';
import type { Schema } from '../config/schema.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { isObject, given as present } from '../lib/json.ts';
import { keyScheme } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import { isAddress } from './database.ts';
import type { ServeFlags } from './spec.ts';

/** A registry that may be asked; no other host ever is. */
export interface RegistryRule {
  /** With a port where it has one, in small letters. */
  readonly host: string;
  /** Patterns of repositories; empty: all. */
  readonly repositories: readonly string[];
  /** Patterns `REPOSITORY:TAG` that are followed for new tags. */
  readonly follow: readonly string[];
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly plainHttp: boolean;
  /** Hosts of its token server and its redirects. */
  readonly also: readonly string[];
  /** Its names may answer private addresses. */
  readonly isPrivate: boolean;
}

export interface NotifyRule {
  readonly url: string;
  readonly form: 'json' | 'slack';
  /** Signs the body (HMAC-SHA256). */
  readonly secret?: string;
}

export type Webhook = 'docker' | 'harbor' | 'dockerhub';

export interface ServiceSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** The service's own address in links, badges and OpenAPI, without `/` at its end. */
  readonly url?: string;
  /** `postgres://…`, or the absolute path of a folder. */
  readonly database: string;
  /** 0: another process works. */
  readonly workers: number;
  readonly reading: 'open' | 'token';
  /** Addresses, or ranges of them, that are believed for `X-Forwarded-For`. */
  readonly proxies: readonly string[];
  readonly registries: readonly RegistryRule[];
  /** The secret of each webhook that is on. */
  readonly webhooks: Readonly<Partial<Record<Webhook, string>>>;
  readonly notify: readonly NotifyRule[];
  /** Signs the service's own grades. */
  readonly key?: string;
  /** Vulnerabilities are asked for there, as of OSV.dev's API. */
  readonly osv?: string;
  readonly trust: Settings['trust'];
  readonly every: { readonly gradeSeconds: number; readonly followSeconds: number };
  readonly keepSeconds: number;
  readonly bounds: {
    /** Bytes, of a grader process. */
    readonly memory: number;
    /** Of one grade. */
    readonly seconds: number;
    /** Compressed bytes of an image's layers. */
    readonly layerBytes: number;
    /** Bytes that facts of layers take in the database. */
    readonly factBytes: number;
  };
}

/** What the command line says; it goes above the file. */
export type ServiceFlags = Partial<
  Pick<ServeFlags, 'settings' | 'listen' | 'database' | 'workers' | 'url' | 'registry'>
>;

type Texts<K extends string> = Readonly<Partial<Record<K, string>>>;

/** The file as its schema has it, with its secrets. */
interface Given
  extends
    Omit<ServiceFlags, 'settings' | 'registry'>,
    Partial<Pick<ServiceSettings, 'reading' | 'key' | 'osv' | 'proxies'>> {
  readonly registries?: readonly (Pick<RegistryRule, 'host'> &
    Partial<Omit<RegistryRule, 'credentials' | 'isPrivate'>> &
    Texts<'username' | 'password'> & { readonly private?: boolean })[];
  readonly webhooks?: Readonly<Partial<Record<Webhook, Texts<'secret'>>>>;
  readonly notify?: readonly (Pick<NotifyRule, 'url'> & Partial<NotifyRule>)[];
  readonly trust?: Partial<Settings['trust']>;
  readonly every?: Texts<'grade' | 'follow'>;
  readonly keep?: string;
  readonly bounds?: Texts<'memory' | 'layerBytes' | 'layerFacts'> & { readonly seconds?: number };
}

type Path = readonly (string | number)[];

const LARGEST_FILE = 256 * 1024;
const LARGEST_SECRET = 64 * 1024;
const MOST_WORKERS = 4;

/**
 * Settings of the file and of flags, with secrets and defaults; `folder` is of the embedded
 * database, where nothing names one. Throws UserError with the line of each problem.
 */
export async function serviceSettings(
  flags: ServiceFlags,
  { cwd, env, folder }: Pick<CommandIo, 'cwd' | 'env'> & { readonly folder: string },
): Promise<ServiceSettings> {
  const file = flags.settings === undefined ? undefined : resolve(cwd, flags.settings);
  const { value, problemAt } = await readFile(file);
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
    const { username, password, private: isPrivate = false, also = [], ...rest } = one;
    const host = hostOf(one.host);
    if (registries.has(host)) note(['registries', i, 'host'], `${host} is listed twice`);
    if ((username === undefined) !== (password === undefined)) {
      const missing =
        username === undefined ? 'username or usernameEnv' : 'passwordFile or passwordEnv';
      note(['registries', i], `${host} needs both: ${missing}`);
    }
    const credentials =
      username !== undefined && password !== undefined ? { username, password } : undefined;
    registries.set(host, {
      ...ruleOf(host),
      ...rest,
      host,
      isPrivate,
      also: also.map((name) => name.toLowerCase()),
      ...present({ credentials }),
    });
  }
  const webhooks: Record<string, string> = {};
  for (const [name, { secret }] of Object.entries(given.webhooks ?? {}))
    if (secret === undefined)
      note(['webhooks', name], `webhooks.${name} needs secretFile or secretEnv`);
    else webhooks[name] = secret;
  if (problems.length > 0) throw problemError(problems);
  const { every, bounds, key, trust } = given;
  const ofEnv = env['SCOVILLE_DATABASE'] === '' ? undefined : env['SCOVILLE_DATABASE'];
  const named = placeOf(flags.database ?? ofEnv, (path) => resolve(cwd, path));
  return {
    listen: listenOf(checked('listen', flags.listen) ?? given.listen ?? '127.0.0.1:8480'),
    ...present({
      url: (checked('url', flags.url) ?? given.url)?.replace(/\/$/, ''),
      key: key && beside(key),
      osv: given.osv,
    }),
    database: named ?? placeOf(given.database, beside) ?? folder,
    workers: flags.workers ?? given.workers ?? Math.min(availableParallelism(), MOST_WORKERS),
    reading: given.reading ?? 'open',
    proxies: given.proxies ?? [],
    registries: withNamed(registries, flags.registry),
    webhooks,
    notify: (given.notify ?? []).map((one) => ({ form: 'json', ...one })),
    trust: {
      ...{ images: [], identities: [], bases: [], ...trust, keys: (trust?.keys ?? []).map(beside) },
      ...present({ trustedRoot: trust?.trustedRoot && beside(trust.trustedRoot) }),
    },
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

function problemError(problems: readonly ConfigProblem[]): UserError {
  return new UserError(problems.map(formatProblem).join('\n  '), {
    nextStep: 'docs/service.md lists every setting',
  });
}

async function readFile(file = ''): Promise<CheckedDocument> {
  const problemAt = (_: Path, message: string): ConfigProblem => ({
    ...{ file, line: 1, column: 1, message },
  });
  if (file === '') return { value: {}, problemAt };
  const text = await boundedText(file, { largest: LARGEST_FILE, utf8: 'required' }).catch(
    (error: unknown) => {
      throw problemError([problemAt([], `cannot be read: ${messageOf(error)}`)]);
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
  return read.value;
}

const HUB = /^(?:index\.|registry-1\.)?docker\.io$/;

function hostOf(host: string): string {
  return HUB.test(host.toLowerCase()) ? 'docker.io' : host.toLowerCase();
}

function ruleOf(host: string): RegistryRule {
  return { host, repositories: [], follow: [], plainHttp: false, also: [], isPrivate: false };
}

/** The file's registries and those of `--registry`. */
function withNamed(all: Map<string, RegistryRule>, words: readonly string[] = []) {
  for (const word of words) {
    const [, first = '', pattern] = /^([^/]+)(?:\/(.+))?$/.exec(word) ?? [];
    if (!new RegExp(SCHEMA.properties.registries.items.properties.host.pattern).test(first))
      throw new UserError(`invalid value "${word}" for --registry: use HOST or HOST/PATTERN`);
    const rule = all.get(hostOf(first));
    // One that allows all repositories stays as it is.
    const isAll = rule?.repositories.length === 0 || pattern === undefined;
    const repositories = isAll ? [] : [...(rule?.repositories ?? []), pattern];
    all.set(hostOf(first), { ...(rule ?? ruleOf(hostOf(first))), repositories });
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

function listenOf(text: string): ServiceSettings['listen'] {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host: host === '' ? '0.0.0.0' : host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function scaled(text: string, units = SECONDS): number {
  return Number.parseInt(text, 10) * (units[text.slice(-1)] ?? 1);
}
