/** The row of a report on address space of which nothing is known. */
export const UNKNOWN_KEY = '-'
