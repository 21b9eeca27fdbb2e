import type { Rule } from './rule.ts';
import { gzipHeader, tarballs, tarFiles } from './rules/archives.ts';
import { gitIndex, mesonIds, ninjaDeps, ninjaLog } from './rules/build-folders.ts';
import { berkeleyDb, rpmDatabase, sqliteShm, sqliteWal } from './rules/databases.ts';
import { javaTruststore } from './rules/java-truststore.ts';
import { PATH_RULES } from './rules/path-rules.ts';
import { pnpmDates } from './rules/pnpm-dates.ts';
import { buildDates, freshCertificates, privateKeys, randomIds } from './rules/reports.ts';
import { bootsnapCache, fontconfigCache, pycHeader, times } from './rules/stamps.ts';
import { ctimeNotes, propertiesDates, shadowDates, uvRecord } from './rules/text-dates.ts';
import { zipDates, zipTimes } from './rules/zip-times.ts';

/** Goes up with anything that changes a byte that comes out: rules, tar headers, compressor. */
export const RULE_SET_VERSION = 9;

/** All rules. The first that drops or empties a file decides; rewrites and reports see the rest. */
export const RULES: readonly Rule[] = [
  times,
  ...PATH_RULES,
  shadowDates,
  pycHeader,
  gzipHeader,
  zipTimes,
  javaTruststore,
  bootsnapCache,
  fontconfigCache,
  propertiesDates,
  ctimeNotes,
  pnpmDates,
  uvRecord,
  rpmDatabase,
  sqliteShm,
  sqliteWal,
  berkeleyDb,
  ninjaLog,
  ninjaDeps,
  mesonIds,
  gitIndex,
  tarballs,
  tarFiles,
  zipDates,
  privateKeys,
  freshCertificates,
  buildDates,
  randomIds,
];
