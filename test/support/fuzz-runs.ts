/**
 * Inputs for each parser of the fuzz suite. In CI the six of them take more than 200 000 together; a failure prints its
 * seed, which `PROPERTY_SEED` repeats.
 */
export const FUZZ_RUNS = process.env['CI'] ? 36_000 : 1500
