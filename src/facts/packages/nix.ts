import type { Package } from '../../model/packages.ts';
import type { FileTree } from '../filesystem.ts';
import type { RawPackage } from '../layer-facts.ts';
import { isPlainText, MAX_PACKAGES } from './record.ts';

/** 32 characters of Nix's base 32, then name and version of the derivation. */
const STORE_PATH = /^[0-9a-df-np-sv-z]{32}-([^-].*?)-(?![A-Za-z-])(.+)$/;
/** Outputs of one derivation lie in folders of their own, named behind the version. */
const OUTPUT =
  /-(?:bin|data|debug|dev|devdoc|dist|doc|getent|info|lib|libgcc|libs|man|out|py|static|terminfo)$/;

/**
 * Packages of a Nix store, by the names of its folders: nothing else in an image records them. The
 * version begins behind the first dash that no letter follows (Nix manual, `parseDrvName`). Folders
 * without a version, such as wrappers and settings, are not packages. Each version counts once.
 */
export function storePackages(tree: FileTree): readonly (RawPackage & Pick<Package, 'location'>)[] {
  const found = new Map<string, RawPackage & Pick<Package, 'location'>>();
  const store = tree.find('nix/store', true)?.children ?? new Map<string, never>();
  for (const { kind, name: folder, path, layer } of [...store.values()]) {
    const [, name, full = ''] = (kind === 'd' && STORE_PATH.exec(folder)) || [];
    if (!isPlainText(name) || !isPlainText(full) || full.endsWith('.drv')) continue;
    const version = full.replace(OUTPUT, '');
    const key = `${name} ${version}`;
    const isFirst = path < (found.get(key)?.location.path ?? '~');
    if (isFirst && found.size < MAX_PACKAGES)
      found.set(key, { type: 'nix', name, version, licenses: [], location: { path, layer } });
  }
  return [...found.values()];
}
