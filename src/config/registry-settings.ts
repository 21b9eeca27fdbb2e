import type { SettingField, SettingType } from './setting-spec.ts';

const HOST: SettingType = {
  kind: 'string',
  pattern: /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
  expects: 'a host in small letters, without a port',
};

/** How registries are reached: a project could turn TLS off, so its file never says it. */
export const REGISTRY_SETTINGS: SettingField = {
  scope: 'person',
  type: {
    kind: 'map',
    keyPattern: /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i,
    keyExpects: 'a registry host with an optional port',
    of: {
      kind: 'object',
      fields: {
        plainHttp: {
          type: { kind: 'boolean' },
          help: 'Speak HTTP without TLS to it. Loopback addresses need no entry.',
        },
        tokenServer: {
          type: HOST,
          help: 'Host that it may have your password sent to, where it has its token server on another domain.',
        },
      },
    },
  },
  help: 'Registries that need other treatment, by host.',
  byDefault: 'none',
  flag: '--plain-http',
};
