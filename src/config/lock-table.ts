import { LATEST_EPOCH } from '../model/epoch.ts';
import { TIME } from './reproducible-settings.ts';
import { TEXT, SCHEMA_VERSION, type SettingField, type SettingType } from './setting-spec.ts';

const DIGEST: SettingType = {
  kind: 'string',
  pattern: /^sha256:[0-9a-f]{64}$/,
  expects: 'a sha256 digest',
};
const CHECKSUM: SettingType = {
  kind: 'string',
  pattern: /^(?:sha256:[0-9a-f]{64}|sha1:[0-9a-f]{40})$/,
  expects: 'a sha256 or sha1 digest',
};
const PLATFORM = {
  keyPattern: /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/,
  keyExpects: 'a platform such as linux/amd64',
};
const PACKAGE: SettingType = {
  kind: 'string',
  pattern: /^\S+ \S*$/,
  expects: 'a name and a version with a space between',
};

const image: SettingType = {
  kind: 'object',
  fields: {
    digest: { type: DIGEST, help: 'Of the index, or of the one manifest.', required: true },
    local: { type: { kind: 'boolean' }, help: "In the engine's own store alone." },
    platforms: {
      type: { kind: 'map', ...PLATFORM, of: DIGEST },
      help: "Each platform's manifest.",
    },
  },
};

const FETCH: Readonly<Record<string, SettingField>> = {
  address: {
    type: { kind: 'string', pattern: /^[a-z][a-z0-9+.-]*:\/\/[!-~]+$/, expects: 'an address' },
    help: 'Secrets in it are masked.',
    required: true,
  },
  method: {
    type: { kind: 'string', pattern: /^[A-Z]{1,32}$/, expects: 'a method of HTTP' },
    help: 'GET where there is none.',
  },
  request: { type: DIGEST, help: 'Of what else decides the answer: body, range, accepted types.' },
  status: {
    type: { kind: 'integer', minimum: 200, maximum: 599 },
    help: '200 where there is none.',
  },
  digest: { type: DIGEST, help: 'Of the body.', required: true },
  size: {
    type: { kind: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    help: 'In bytes.',
    required: true,
  },
  headers: {
    type: {
      kind: 'map',
      keyPattern:
        /^(?:accept-ranges|content-(?:disposition|encoding|length|range|type)|docker-content-digest|etag|last-modified|link|location|www-authenticate)$/,
      keyExpects: 'a header that is recorded',
      of: { kind: 'string', pattern: /^[\t -~\u0080-\u00ff]*$/, expects: 'the text of a header' },
    },
    help: 'Headers that programs go by.',
  },
};

/** Every key of `scoville.lock`, in the order in which it is written. */
export const LOCK_TABLE: Readonly<Record<string, SettingField>> = {
  schemaVersion: SCHEMA_VERSION,
  dockerfile: { type: TEXT, help: 'The Dockerfile that it is of.' },
  target: { type: TEXT, help: 'The stage that was built.' },
  images: {
    type: {
      kind: 'map',
      keyPattern: /^[^\s@]+(?:@sha256:[0-9a-f]{64})?$/,
      keyExpects: "an image's full name",
      of: image,
    },
    help: 'Images from outside.',
  },
  epoch: {
    type: {
      kind: 'object',
      fields: {
        seconds: {
          type: { kind: 'integer', minimum: 0, maximum: LATEST_EPOCH },
          help: 'Time of the layers, seconds since 1970.',
          required: true,
        },
        reason: { type: TEXT, help: 'What decided it.', required: true },
      },
    },
    help: 'Time of the layers.',
  },
  start: {
    type: { kind: 'string', pattern: TIME, expects: 'a time, YYYY-MM-DDThh:mm:ssZ' },
    help: 'The time that RUNs see, with deterministic.',
  },
  builder: {
    type: {
      kind: 'object',
      fields: {
        docker: { type: TEXT, help: 'Version of the engine.' },
        buildx: { type: TEXT, help: 'Version of buildx.' },
        buildkit: { type: TEXT, help: 'Version of BuildKit.' },
        frontend: { type: TEXT, help: 'What read the Dockerfile.' },
      },
    },
    help: 'Who built it; recorded, not enforced.',
  },
  normaliser: { type: TEXT, help: 'Rules and their version.', required: true },
  snapshots: {
    type: { kind: 'list', of: TEXT },
    help: 'Dates at which package mirrors are frozen.',
  },
  remotes: {
    type: { kind: 'map', keyPattern: /^\S+$/, keyExpects: 'an address', of: CHECKSUM },
    help: 'What ADD fetches.',
  },
  packages: {
    type: {
      kind: 'map',
      ...PLATFORM,
      of: {
        kind: 'map',
        keyPattern: /^[a-z]{1,32}$/,
        keyExpects: 'a kind of package',
        of: { kind: 'list', of: PACKAGE },
      },
    },
    help: 'What the own layers installed.',
  },
  fetches: {
    type: {
      kind: 'map',
      keyPattern: /^\S{1,200}$/,
      keyExpects: "a stage's name",
      of: { kind: 'list', of: { kind: 'object', fields: FETCH } },
    },
    help: 'What the RUNs of each stage fetched.',
  },
  incomplete: {
    type: {
      kind: 'map',
      keyPattern: /^\S{1,200}$/,
      keyExpects: "a stage's name",
      of: { kind: 'list', of: { kind: 'string', pattern: /^[ -~]{1,500}$/, expects: 'a reason' } },
    },
    help: 'Why what RUNs fetched is not known to be all.',
  },
};
