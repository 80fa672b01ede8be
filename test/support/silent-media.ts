/**
 * A sound track of silence as fragmented MP4 (ISO/IEC 14496-12) with Opus (RFC 6716), made here, so that players can be
 * tried without any media file.
 */

const TIMESCALE = 48_000
const FRAME_TICKS = 960
/** 20 ms of silence, mono: CELT, full band. */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe])
const FRAMES_PER_SEGMENT = TIMESCALE / FRAME_TICKS

export const SEGMENT_SECONDS = 1
export const CODEC = 'opus'

/** The initialisation segment. */
export function initSegment(): Buffer {
  return Buffer.concat([
    box('ftyp', Buffer.from('iso5'), u32(512), Buffer.from('iso5iso6mp41')),
    box(
      'moov',
      full('mvhd', 0, u32(0, 0, TIMESCALE, 0, 0x0001_0000), u16(0x0100), zeros(10), MATRIX, zeros(24), u32(2)),
      track(),
      box('mvex', full('trex', 0, u32(1, 1, FRAME_TICKS, SILENCE.length, 0))),
    ),
  ])
}

/** One second, counted from 0. */
export function mediaSegment(index: number): Buffer {
  const samples = Array.from({ length: FRAMES_PER_SEGMENT }, () => u32(FRAME_TICKS, SILENCE.length))
  const fragment = (dataOffset: number): Buffer =>
    box(
      'moof',
      full('mfhd', 0, u32(index + 1)),
      box(
        'traf',
        // Offsets count from the fragment.
        full('tfhd', 0x02_0000, u32(1)),
        full('tfdt', 0x0100_0000, u32(0, index * SEGMENT_SECONDS * TIMESCALE)),
        // With an offset, and duration and size of each sample.
        full('trun', 0x0301, u32(FRAMES_PER_SEGMENT, dataOffset), ...samples),
      ),
    )
  const moof = fragment(fragment(0).length + 8)
  return Buffer.concat([moof, box('mdat', ...Array.from({ length: FRAMES_PER_SEGMENT }, () => SILENCE))])
}

const MATRIX = u32(0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000)

function track(): Buffer {
  const opus = box('dOps', Buffer.from([0, 1]), u16(312), u32(TIMESCALE), u16(0), Buffer.from([0]))
  const entry = box('Opus', zeros(6), u16(1), zeros(8), u16(1, 16, 0, 0), u32(TIMESCALE * 65_536), opus)
  const empty = (type: string): Buffer => full(type, 0, u32(0))
  return box(
    'trak',
    full('tkhd', 7, u32(0, 0, 1, 0, 0), zeros(8), u16(0, 0, 0x0100, 0), MATRIX, u32(0, 0)),
    box(
      'mdia',
      full('mdhd', 0, u32(0, 0, TIMESCALE, 0), u16(0x55c4, 0)),
      full('hdlr', 0, u32(0), Buffer.from('soun'), zeros(12), Buffer.from('sound\0')),
      box(
        'minf',
        full('smhd', 0, u16(0, 0)),
        box('dinf', full('dref', 0, u32(1), full('url ', 1))),
        box(
          'stbl',
          full('stsd', 0, u32(1), entry),
          empty('stts'),
          empty('stsc'),
          full('stsz', 0, u32(0, 0)),
          empty('stco'),
        ),
      ),
    ),
  )
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body])
}

/** A box with version (first byte) and flags. */
function full(type: string, versionAndFlags: number, ...content: readonly Buffer[]): Buffer {
  return box(type, u32(versionAndFlags), ...content)
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index))
  return bytes
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count)
}
