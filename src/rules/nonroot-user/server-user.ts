import type { FixInput } from '../../model/fix-rule.ts';
import { ownValue } from '../../model/lookup.ts';
import { ENTRY_POINT, handsOn } from '../shared/edit/program/entry-points.ts';
import { baseName, baseOfImage, lastInImage } from '../shared/edit/stage-view.ts';

/**
 * Official images whose entry point starts as root, changes the owner of folders and becomes this
 * user; started as that user, it skips both.
 */
const SERVERS: Readonly<Record<string, string>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongo: 'mongodb',
  redis: 'redis',
  valkey: 'valkey',
  memcached: 'memcache',
  rabbitmq: 'rabbitmq',
};

export interface ServerUser {
  /** Name of the base. */
  readonly base: string;
  readonly name: string;
  /** Undefined where the base has no such user, or nothing is known of it. */
  readonly uid: number | undefined;
}

/** The user that the base's entry point becomes; undefined if containers start something else. */
export function serverUser(input: FixInput): ServerUser | undefined {
  const base = baseOfImage(input);
  if (base === undefined) return undefined;
  if (lastInImage(input, 'ENTRYPOINT') !== undefined) return undefined;
  if (base.config.config?.Entrypoint?.some((word) => ENTRY_POINT.test(word)) !== true)
    return undefined;
  const known = baseName(input);
  if (base.config.config.Entrypoint.some((word) => handsOn(input, word))) return undefined;
  const name = ownValue(SERVERS, known) ?? '';
  return { base: known, name, uid: base.passwd?.[name] };
}
