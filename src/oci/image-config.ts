import { UserError } from '../model/errors.ts';
import type { ImageConfig } from '../model/oci.ts';
import { parseImageConfig } from './documents.ts';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isTextMap: Check = (value) => isObject(value) && Object.values(value).every(isText);

/** What is read of the fields under `config` (image-spec, config.md, "Properties"); the others are let through unread. */
const RUN_FIELDS: Readonly<Record<string, Check>> = {
  User: isText,
  Env: isTexts,
  Entrypoint: isTexts,
  Cmd: isTexts,
  Volumes: isObject,
  WorkingDir: isText,
  Labels: isTextMap,
  ExposedPorts: isObject,
  StopSignal: isText,
  OnBuild: isTexts,
  Healthcheck: (value) => isObject(value) && (value['Test'] == null || isTexts(value['Test'])),
};
const TOP_FIELDS: Readonly<Record<string, Check>> = {
  created: isText,
  author: isText,
  architecture: isText,
  os: isText,
  variant: isText,
  config: isObject,
  history: (value) => Array.isArray(value) && value.every(isObject),
};
const HISTORY_FIELDS: Readonly<Record<string, Check>> = {
  created: isText,
  created_by: isText,
  author: isText,
  comment: isText,
  empty_layer: (value) => typeof value === 'boolean',
};

/**
 * The image config in `bytes`, every field that anybody reads of the type that the specification gives it; fields that are null, as
 * Docker writes them, are left out. Throws UserError where it is no config or a field is another.
 */
export function readImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const parsed = parseImageConfig(bytes, what);
  const top = checked(parsed as unknown as Fields, TOP_FIELDS, what);
  const { config, history } = top;
  const run = isObject(config) ? checked(config, RUN_FIELDS, `${what}, config`) : undefined;
  const steps = Array.isArray(history)
    ? history.map((step) => checked(step as Fields, HISTORY_FIELDS, `${what}, history`))
    : undefined;
  return {
    ...top,
    ...(run === undefined ? {} : { config: run }),
    ...(steps === undefined ? {} : { history: steps }),
  } as unknown as ImageConfig;
}

function checked(fields: Fields, checks: Readonly<Record<string, Check>>, what: string): Fields {
  const kept = Object.entries(fields).filter(([, value]) => value !== null);
  for (const [name, value] of kept)
    if (Object.hasOwn(checks, name) && checks[name]?.(value) === false)
      throw new UserError(`${what}: ${name} is of another type than an image config has there`);
  return Object.fromEntries(kept);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
