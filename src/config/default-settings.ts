import type { Settings } from '../model/settings.ts';

/** What holds without a settings file. */
export const DEFAULT_SETTINGS: Settings = {
  origins: [],
  ignored: [],
  image: { annotations: {} },
  secrets: { use: undefined, files: [] },
  sign: { enabled: true, keyless: false, publicLog: false, format: 'auto' },
  attest: { sbom: ['cyclonedx', 'spdx'], provenance: true, verdict: true },
  reproducible: {
    mode: 'safe',
    clock: 'frozen',
    oneProcessor: true,
    pin: true,
    drop: [],
    empty: [],
    time: {},
  },
  gate: { waivers: [] },
  trust: { images: [], keys: [], identities: [], bases: [] },
  fix: { distroless: 'gcr.io/distroless' },
  lock: false,
  hermetic: 'off',
  recentDays: 30,
  registries: {},
  scanner: 'auto',
  osv: {
    url: 'https://api.osv.dev',
    exports: 'https://osv-vulnerabilities.storage.googleapis.com',
  },
  databaseDays: 30,
  offline: false,
  vex: [],
  ui: { after: 'end' },
};
