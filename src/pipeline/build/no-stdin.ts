/** The stdin of a build that is given none. */
export async function* noStdin(): AsyncGenerator<Uint8Array> {
  // Ends at once.
}
