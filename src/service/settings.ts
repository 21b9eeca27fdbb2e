import { isIP } from 'node:net';
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
import { given as present } from '../lib/json.ts';
import { keyScheme } from '../model/key-scheme.ts';
import type { Settings } from '../model/settings.ts';
import { isAddress } from './database.ts';

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
export interface ServiceFlags extends Partial<
  Pick<ServiceSettings, 'database' | 'workers' | 'reading' | 'url'>
> {
  readonly settings?: string;
  readonly listen?: string;
  /** `HOST` or `HOST/PATTERN`, each allowed besides those of the file. */
  readonly registries?: readonly string[];
  readonly plainHttp?: readonly string[];
}

export interface SettingsSurroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the embedded database, where nothing names one. */
  readonly folder: string;
}

type Texts<K extends string> = Readonly<Partial<Record<K, string>>>;
type GivenSecret = Texts<'secretFile' | 'secretEnv'>;
type GivenRegistry = Pick<RegistryRule, 'host'> &
  Partial<Omit<RegistryRule, 'credentials' | 'isPrivate'>> &
  Texts<'username' | 'usernameEnv' | 'passwordFile' | 'passwordEnv'> & {
    readonly private?: boolean;
  };

/** The file as its schema has it. */
interface Given extends Omit<ServiceFlags, 'settings' | 'registries' | 'plainHttp'> {
  readonly registries?: readonly GivenRegistry[];
  readonly webhooks?: Readonly<Partial<Record<Webhook, GivenSecret>>>;
  readonly notify?: readonly (GivenSecret & Pick<NotifyRule, 'url'> & Partial<NotifyRule>)[];
  readonly key?: string;
  readonly osv?: string;
  readonly proxies?: readonly string[];
  readonly trust?: Partial<Settings['trust']>;
  readonly every?: Texts<'grade' | 'follow'>;
  readonly keep?: string;
  readonly bounds?: Texts<'memory' | 'layerBytes' | 'layerFacts'> & { readonly seconds?: number };
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
    const {
      username: named,
      usernameEnv,
      passwordFile,
      passwordEnv,
      private: isPrivate,
      ...rest
    } = one;
    const [at, host] = [['registries', i], hostOf(one.host)];
    if (registries.some((other) => other.host === host))
      note([...at, 'host'], `${host} is listed twice`);
    const username = named ?? (await secret(at, 'username', { usernameEnv }));
    const password = await secret(at, 'password', { passwordFile, passwordEnv });
    const hasUser = (named ?? usernameEnv) !== undefined;
    if (hasUser !== ((passwordFile ?? passwordEnv) !== undefined))
      note(
        at,
        `${host} needs both: ${hasUser ? 'passwordFile or passwordEnv' : 'username or usernameEnv'}`,
      );
    registries.push({
      ...{ ...ruleOf(host), ...rest, host, isPrivate: isPrivate === true },
      also: (one.also ?? []).map((name) => name.toLowerCase()),
      ...(username !== undefined &&
        password !== undefined && { credentials: { username, password } }),
    });
  }
  const webhooks: Partial<Record<Webhook, string>> = {};
  for (const [name, hook] of Object.entries(given.webhooks ?? {}) as [Webhook, GivenSecret][]) {
    const word = await secret(['webhooks', name], 'secret', { ...hook });
    if (word !== undefined) webhooks[name] = word;
    else if (hook.secretFile === undefined && hook.secretEnv === undefined)
      note(['webhooks', name], `webhooks.${name} needs secretFile or secretEnv`);
  }
  const notify: NotifyRule[] = [];
  for (const [i, { url, form = 'json', secretFile, secretEnv }] of (given.notify ?? []).entries()) {
    const word = await secret(['notify', i], 'secret', { secretFile, secretEnv });
    notify.push({ url, form, ...present({ secret: word }) });
  }
  const { proxies = [] } = given;
  for (const [i, one] of proxies.entries())
    if (!isRange(one)) note(['proxies', i], `${one} is not an address or a range, as 10.0.0.0/8`);
  if (problems.length > 0) throw problemError(problems);
  const { every, bounds, key, trust } = given;
  const url = flags.url ?? given.url;
  const ofEnv = env['SCOVILLE_DATABASE'] === '' ? undefined : env['SCOVILLE_DATABASE'];
  const named = placeOf(flags.database ?? ofEnv, (path) => resolve(cwd, path));
  return {
    listen: listenOf(flags.listen ?? given.listen ?? '127.0.0.1:8480'),
    ...present({
      url: url === undefined ? url : addressOf(url),
      key: key && beside(key),
      osv: given.osv,
    }),
    database: named ?? placeOf(given.database, beside) ?? folder,
    workers: flags.workers ?? given.workers ?? Math.min(availableParallelism(), MOST_WORKERS),
    reading: flags.reading ?? given.reading ?? 'open',
    proxies,
    registries: withFlags(registries, flags),
    ...{ webhooks, notify },
    trust: {
      ...{ images: [], identities: [], bases: [], ...trust, keys: (trust?.keys ?? []).map(beside) },
      ...present({ trustedRoot: trust?.trustedRoot && beside(trust.trustedRoot) }),
    },
    every: {
      gradeSeconds: scaled(every?.grade ?? '24h', SECONDS),
      followSeconds: scaled(every?.follow ?? '10m', SECONDS),
    },
    keepSeconds: scaled(given.keep ?? '400d', SECONDS),
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

function isRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  if (most === undefined || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
}

const HUB = /^(?:index\.|registry-1\.)?docker\.io$/;

function hostOf(host: string): string {
  return HUB.test(host.toLowerCase()) ? 'docker.io' : host.toLowerCase();
}

function ruleOf(host: string): RegistryRule {
  return { host, repositories: [], follow: [], plainHttp: false, also: [], isPrivate: false };
}

/** The file's registries and those of `--registry` and `--plain-http`. */
function withFlags(
  given: readonly RegistryRule[],
  { registries: named = [], plainHttp = [] }: ServiceFlags,
): readonly RegistryRule[] {
  const all = new Map(given.map((rule) => [rule.host, rule]));
  for (const word of named) {
    const [, first = '', pattern] = /^([^/]+)(?:\/(.+))?$/.exec(word) ?? [];
    if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i.test(first))
      throw new UserError(`invalid value "${word}" for --registry: use HOST or HOST/PATTERN`);
    const host = hostOf(first);
    const before = all.get(host);
    // One that allows all repositories stays as it is.
    const isAll = before?.repositories.length === 0 || pattern === undefined;
    const repositories = isAll ? [] : [...(before?.repositories ?? []), pattern];
    all.set(host, { ...(before ?? ruleOf(host)), repositories });
  }
  for (const host of plainHttp.map(hostOf)) {
    const rule = all.get(host);
    if (rule === undefined)
      throw new UserError(`--plain-http ${host} is not one of the registries`, {
        nextStep: `add --registry ${host}`,
      });
    all.set(host, { ...rule, plainHttp: true });
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

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  return Number.parseInt(text, 10) * (units[text.slice(-1)] ?? 1);
}
