import { describe, expect, it } from 'vitest'
import { matchFootprint } from '../../src/fci/match-footprint.ts'
import { moqFootprint } from '../../src/fci/moq-capability.ts'
