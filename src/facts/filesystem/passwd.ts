const MAX_UID = 4_294_967_295;

/**
 * Names to uids from etc/passwd (passwd(5)); the first line of a name counts, as for the C library. Lines that are none
 * are passed over.
 */
export function parsePasswd(text: string): Readonly<Record<string, number>> {
  const users = new Map<string, number>();
  for (const line of text.split('\n').slice(0, 10_000)) {
    const [name = '', , uid = ''] = line.split(':');
    if (name === '' || name.startsWith('#') || !/^\d{1,10}$/.test(uid)) continue;
    if (!users.has(name) && Number(uid) <= MAX_UID) users.set(name, Number(uid));
  }
  return Object.fromEntries(users);
}
