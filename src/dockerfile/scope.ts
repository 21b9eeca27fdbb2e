import { ownValue } from '../model/lookup.ts';
import type { Lookup } from './substitute.ts';

/** ARGs that BuildKit knows without a declaration (Dockerfile reference, "Predefined ARGs"). */
const PREDEFINED = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
);

/** What ARG and ENV give at one place of a stage; other variables may come from the base image. */
export interface Scope {
  readonly env: ReadonlyMap<string, string | undefined>;
  readonly args: ReadonlyMap<string, string | undefined>;
}

export const EMPTY_SCOPE: Scope = { env: new Map(), args: new Map() };

/** ENV wins over ARG of the same name (Dockerfile reference, "Using ARG variables"). */
export function lookupIn(scope: Scope, buildArgs: Readonly<Record<string, string>>): Lookup {
  return (name) => {
    if (scope.env.has(name)) return scope.env.get(name);
    if (scope.args.has(name)) return scope.args.get(name);
    return PREDEFINED.has(name) ? ownValue(buildArgs, name) : undefined;
  };
}

export function withEnv(scope: Scope, name: string, value: string | undefined): Scope {
  return { ...scope, env: new Map(scope.env).set(name, value) };
}

export function withArg(scope: Scope, name: string, value: string | undefined): Scope {
  return { ...scope, args: new Map(scope.args).set(name, value) };
}
