/** Whether a relay of the lab can be told to pull from there: an absolute `moqt://` or `https://` URL with a host. */
export function isUpstreamUrl(text: string): boolean {
  if (!/^(?:moqt|https):\/\/[^/?#]/i.test(text) || !URL.canParse(text)) return false
  return new URL(text).hostname !== ''
}
