/** A file is not what its format says. The message completes "X cannot be read: ...". */
export class MalformedRecord extends Error {}
