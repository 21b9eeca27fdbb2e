import { join } from 'node:path';
import { familyOf } from '../osv/osv-names.ts';
import type { OsvRecord } from '../osv/osv-record.ts';
import { COMMITS } from './advisory-entry.ts';
import { databaseFile } from './advisory-names.ts';
import { AdvisoryReader } from './index-reader.ts';

/** The databases of a folder, each opened when it is first asked for. */
export class Databases {
  readonly #folder: string;
  readonly #open = new Map<string, AdvisoryReader | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The database that an ecosystem is in; undefined where it was never fetched. Throws DamagedDatabase. */
  of(ecosystem: string): AdvisoryReader | undefined {
    const family = familyOf(ecosystem);
    if (!this.#open.has(family)) this.#open.set(family, this.#opened(family));
    return this.#open.get(family);
  }

  /** The record of a CVE itself, from the export of commits or one that was opened before. */
  cve(id: string): OsvRecord | undefined {
    for (const one of [this.of(COMMITS), ...this.#open.values()]) {
      const record = one?.record(id);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  close(): void {
    for (const one of this.#open.values()) one?.close();
    this.#open.clear();
  }

  #opened(family: string): AdvisoryReader | undefined {
    try {
      const reader = new AdvisoryReader(join(this.#folder, databaseFile(family)));
      if (reader.meta.ecosystem === family) return reader;
      reader.close();
      return undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
