/**
 * Asks once for each key, also where two ask at the same time. An answer that failed is not kept:
 * the next caller asks again.
 */
export function once<K extends object, A extends readonly unknown[], V>(
  ask: (key: K, ...rest: A) => Promise<V>,
): (key: K, ...rest: A) => Promise<V> {
  const answers = new WeakMap<K, Promise<V>>();
  return (key, ...rest) => {
    const before = answers.get(key);
    if (before !== undefined) return before;
    const answer = ask(key, ...rest);
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  };
}
