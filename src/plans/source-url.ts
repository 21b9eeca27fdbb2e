/**
 * The address of a repository that may stand in a published image: https, without user, password,
 * query, fragment and `.git`. `git@host:path` and `ssh://` become https. Undefined for local paths
 * and what is no address: they would tell of the machine, and lead nowhere.
 */
export function publicSourceUrl(remote: string): string | undefined {
  const text = remote.trim();
  const scp = /^(?:[\w.-]+@)?([a-z0-9.-]+\.[a-z]{2,}):(?!\/\/)(?!\d+\/)\/?(.+)$/i.exec(text);
  const address = scp === null ? text : `ssh://${scp[1] ?? ''}/${scp[2] ?? ''}`;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (!/^(?:https?|ssh|git|git\+ssh|git\+https):$/.test(url.protocol) || url.hostname === '')
    return undefined;
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  const port = web && url.port !== '' ? `:${url.port}` : '';
  const path = url.pathname.replace(/(?<!\/)\/+$/, '').replace(/\.git$/, '');
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  return path === '' ? undefined : `${scheme}://${url.hostname}${port}${path}`;
}

/** True for what buildx takes for a git or HTTP address (docker/buildx, build/utils.go). */
export function isAddress(text: string): boolean {
  return /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(text);
}
