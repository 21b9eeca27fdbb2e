/** True for a USER that is root whatever the image's etc/passwd says: none, uid 0, or its name; a group may stand behind. */
export function isRootUser(user: string): boolean {
  return /^(?:root|0+)?(?::.*)?$/.test(user.trim());
}
