import { inject } from 'vitest'

// Fails the end-to-end files one by one and leaves every other suite alone, which an error in global setup would not.
const failure = inject('buildFailure')
if (failure !== '') throw new Error(failure)
