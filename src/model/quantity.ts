/** `1 layer`, `2 layers`, as lines of progress count. */
export function quantity(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
