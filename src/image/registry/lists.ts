import { UserError } from '../../lib/errors.ts';
import { listField } from '../../lib/json.ts';
import { MAX_DOCUMENT_BYTES, parseObject } from '../documents.ts';
import { pull } from './auth.ts';
import { nextPage, type RegistryClient } from './client.ts';
import { drop } from './http.ts';

const MAX_PAGES = 200;

/**
 * Tags of a repository (distribution-spec, "Listing Tags"), none where it is gone; without one the
 * repositories of a registry that lists them (`_catalog`). In no order. Throws UserError.
 */
export async function listNames(
  { connection }: RegistryClient,
  repository?: string,
): Promise<readonly string[]> {
  const { registry, base } = connection;
  const key = repository === undefined ? 'repositories' : 'tags';
  const scope = repository === undefined ? 'registry:catalog:*' : pull(repository);
  const call = { method: 'GET', scopes: [scope], accept: [404], action: `listing ${key}` } as const;
  const names: string[] = [];
  let at: string | URL | undefined =
    repository === undefined ? '_catalog?n=1000' : `${repository}/tags/list?n=1000`;
  for (let page = 0; at !== undefined; page++) {
    if (page === MAX_PAGES) throw new UserError(`${registry} lists ${key} without an end`);
    const response = await connection.call({ ...call, at });
    if (response.status === 404) {
      await drop(response);
      // A repository whose last tag was removed stays in catalogs.
      if (repository !== undefined && page === 0) return [];
      throw new UserError(`${registry} does not list its ${key}`);
    }
    const bytes = await connection.bytes(response, MAX_DOCUMENT_BYTES);
    const listed = listField(parseObject(bytes, `the list of ${key} of ${registry}`), key);
    names.push(...listed.filter((name) => typeof name === 'string'));
    at = nextPage(response, new URL(at, base), registry);
  }
  return names;
}
