/** The end of year 9999 in seconds since 1970, the last that RFC 3339 has for an image's date. */
export const LATEST_EPOCH = 253_402_300_799;
