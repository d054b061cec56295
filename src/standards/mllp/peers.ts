/** Who speaks when it is not an MLLP sender. `plain` is only seen on a TLS port. */
export type WrongPeer = 'tls' | 'http' | 'ssh' | 'plain'

// prettier-ignore
const OPENINGS: readonly (readonly [string, WrongPeer])[] = [
  ['\x16\x03', 'tls'],
  ['GET ', 'http'], ['POST ', 'http'], ['HEAD ', 'http'], ['PUT ', 'http'], ['OPTIONS ', 'http'], ['CONNECT ', 'http'],
  ['SSH-', 'ssh'],
]

/** What the first bytes of a stream say about the far side: a wrong peer, not yet certain, or nothing known. */
export function recognise(opening: string): WrongPeer | 'undecided' | null {
  for (const [sign, peer] of OPENINGS) {
    if (opening.startsWith(sign)) return peer
    if (sign.startsWith(opening)) return 'undecided'
  }
  return null
}
