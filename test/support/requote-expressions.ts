/**
 * Escapes the bare quotes inside the expressions of draft-arolovitch-cdni-named-footprints-01, which print as
 * `"footprint-value": [ "..." ]` over one or several lines and are no JSON. For its own examples only: in general nobody
 * can tell where such a string ends.
 */
export function requoteExpressions(text: string): string {
  return text.replaceAll(
    /("footprint-value": \[\s*")((?:(?!"\s*\]\s*\}).)*\$(?:(?!"\s*\]\s*\}).)*)(?="\s*\]\s*\})/gs,
    (_, start: string, expression: string) => start + JSON.stringify(expression).slice(1, -1).replaceAll('\\\\', '\\'),
  )
}
