const textMax = 16_384

/**
 * A message of an error as PostgreSQL can store it: without U+0000, and of bounded length. Errors quote what they are
 * about; what they quote must not keep their own record from being written.
 */
export const storable = (text: string): string => text.slice(0, textMax).replaceAll('\u0000', '\ufffd')
