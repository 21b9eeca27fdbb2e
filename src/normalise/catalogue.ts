import type { Rule } from './rule.ts';
import { aptCache } from './rules/apt-cache.ts';
import { berkeleyDb } from './rules/berkeley-db.ts';
import { bootsnapCache } from './rules/bootsnap-cache.ts';
import { buildDates } from './rules/build-dates.ts';
import { buildLogs } from './rules/build-logs.ts';
import { cacheBookkeeping } from './rules/cache-bookkeeping.ts';
import { compiledCaches } from './rules/compiled-caches.ts';
import { ctimeNotes } from './rules/ctime-notes.ts';
import { debconfBackups } from './rules/debconf-backups.ts';
import { downloadCaches } from './rules/download-caches.ts';
import { fontconfigCache } from './rules/fontconfig-cache.ts';
import { freshCertificates } from './rules/fresh-certificates.ts';
import { gemLogs } from './rules/gem-logs.ts';
import { gitIndex } from './rules/git-index.ts';
import { gzipHeader } from './rules/gzip-header.ts';
import { javaTruststore } from './rules/java-truststore.ts';
import { ldconfigCache } from './rules/ldconfig-cache.ts';
import { machineId } from './rules/machine-id.ts';
import { mesonIds } from './rules/meson-ids.ts';
import { ninjaDeps } from './rules/ninja-deps.ts';
import { ninjaLog } from './rules/ninja-log.ts';
import { npmCache } from './rules/npm-cache.ts';
import { packageLogs } from './rules/package-logs.ts';
import { pipCache } from './rules/pip-cache.ts';
import { pnpmDates } from './rules/pnpm-dates.ts';
import { privateKeys } from './rules/private-keys.ts';
import { propertiesDates } from './rules/properties-dates.ts';
import { pycHeader } from './rules/pyc-header.ts';
import { randomIds } from './rules/random-ids.ts';
import { rpmDatabase } from './rules/rpm-database.ts';
import { shadowDates } from './rules/shadow-dates.ts';
import { sqliteShm } from './rules/sqlite-shm.ts';
import { sqliteWal } from './rules/sqlite-wal.ts';
import { tarFiles } from './rules/tar-files.ts';
import { tarballs } from './rules/tarballs.ts';
import { temporaryFiles } from './rules/temporary-files.ts';
import { times } from './rules/times.ts';
import { uvRecord } from './rules/uv-record.ts';
import { zipDates } from './rules/zip-dates.ts';
import { zipTimes } from './rules/zip-times.ts';

/** Goes up with anything that changes a byte that comes out: rules, tar headers, compressor. */
export const RULE_SET_VERSION = 9;

/** All rules. The first that drops or empties a file decides; rewrites and reports see the rest. */
export const RULES: readonly Rule[] = [
  times,
  packageLogs,
  aptCache,
  ldconfigCache,
  debconfBackups,
  temporaryFiles,
  cacheBookkeeping,
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
  npmCache,
  pipCache,
  downloadCaches,
  compiledCaches,
  gemLogs,
  buildLogs,
  ninjaLog,
  ninjaDeps,
  mesonIds,
  gitIndex,
  machineId,
  tarballs,
  tarFiles,
  zipDates,
  privateKeys,
  freshCertificates,
  buildDates,
  randomIds,
];
