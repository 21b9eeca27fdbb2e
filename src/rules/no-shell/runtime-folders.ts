import type { FixInput } from '../../model/fix-rule.ts';
import { inImage } from '../shared/edit/stage-view.ts';
import { writtenFolders } from '../shared/edit/written-folders.ts';

/** The user of the final stage. */
export const OWNER = '65532:65532';
/** Outside of the app's folder, only what is for data by its place goes along. */
const DATA = /^\/(?:data|var\/(?:lib|log|cache|run|spool)|run)(?:\/|$)/;
const PLAIN = /^\/[\w./-]+$/;

/**
 * Commands for the build stage that hand over what the program may write to, as far as the
 * Dockerfile tells: the folder it works in, though not what is in it, and with all that is in them
 * volumes and folders that it makes. COPY gives a folder that it makes to root, so that they go by
 * way of `/runtime`.
 */
export function handedOver(
  input: FixInput,
  folder: string,
  carries: 'folder' | readonly string[],
): readonly string[] {
  const volumes = new Set(
    inImage(input).flatMap(({ keyword, instruction }) =>
      keyword === 'VOLUME' ? instruction.arguments : [],
    ),
  );
  const written = writtenFolders(input).filter((path) => path !== folder && PLAIN.test(path));
  const isInside = (path: string): boolean =>
    carries === 'folder' && folder !== '/' && path.startsWith(`${folder}/`);
  const inside = written.filter(isInside);
  const outside = written.filter(
    (path) => !isInside(path) && (volumes.has(path) || DATA.test(path)),
  );
  const all = [...inside, ...outside];
  return [
    ...(all.length === 0
      ? []
      : [`mkdir -p ${all.join(' ')}`, `chown -R ${OWNER} ${all.join(' ')}`]),
    ...(folder === '/' ? [] : [`mkdir -p /runtime${folder}`]),
    ...(outside.length === 0
      ? []
      : ['mkdir -p /runtime', `cp -a --parents ${outside.join(' ')} /runtime`]),
    ...(folder === '/' ? [] : [`chown ${OWNER} /runtime${folder}`]),
  ];
}
