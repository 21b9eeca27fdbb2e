import { type Fact, known, unknownFact } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import type { ImageContent } from './image-facts.ts';

/** Where distributions keep what is installed; half of it would look like a smaller image. */
const SYSTEM_DATABASE =
  /^(?:var\/lib\/dpkg\/(?:status|status\.d\/.*)|(?:usr\/)?lib\/apk\/db\/.*|(?:var\/lib|usr\/lib\/sysimage)\/rpm\/.*)$/;

/**
 * The packages of an image as a fact: unknown where the database of the operating system's packages
 * is there and could not be read, since nothing may be compared with a part of it.
 */
export function knownPackages(
  content: Pick<ImageContent, 'packages' | 'unreadablePackages'>,
): Fact<readonly Package[]> {
  const unread = content.unreadablePackages.find(({ location }) =>
    SYSTEM_DATABASE.test(location.path),
  );
  return unread === undefined
    ? known(content.packages, 'image')
    : unknownFact(`${unread.location.path} could not be read: ${unread.reason}`);
}
