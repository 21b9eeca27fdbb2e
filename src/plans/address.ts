/** True for what buildx takes for a git or HTTP address (docker/buildx, build/utils.go). */
export function isAddress(text: string): boolean {
  return /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/)/.test(text);
}
