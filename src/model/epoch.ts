/** The end of the year 9999 in seconds since 1970: RFC 3339, in which an image says when it was made, has no later one. */
export const LATEST_EPOCH = 253_402_300_799;
