import type { LayerCollector } from '../model/walk.ts';
import type { PackageRecord } from './layer-facts.ts';
import type { PackageDatabase } from './package-database.ts';
import { APK } from './packages-apk.ts';
import { DPKG } from './packages-dpkg.ts';
import { NPM } from './packages-npm.ts';
import { PYTHON } from './packages-python.ts';

const DATABASES: readonly PackageDatabase[] = [DPKG, APK, NPM, PYTHON];

function databaseAt(path: string): PackageDatabase | undefined {
  return DATABASES.find((database) => database.matches(path));
}

/** Packages that the files of a layer record, file by file. */
export function packageCollector(): LayerCollector<readonly PackageRecord[]> {
  const records: PackageRecord[] = [];
  return {
    name: 'packages',
    wants: ({ path, entry }) => {
      const database = entry.type === 'file' ? databaseAt(path) : undefined;
      return database === undefined ? { want: 'none' } : { want: 'all', cap: database.cap };
    },
    visit: ({ path, entry }, content) => {
      const database = entry.type === 'file' ? databaseAt(path) : undefined;
      if (database === undefined) return;
      const text = Buffer.from(content ?? []).toString('utf8');
      const packages = database.parse(text, path);
      if (packages.length > 0) records.push({ path, packages });
    },
    finish: () => records,
  };
}
