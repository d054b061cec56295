/** The bytes that MLLP gives a meaning to. @see HL7 MLLP Release 1, block format */
export const VT = 0x0b
export const FS = 0x1c
export const CR = 0x0d
export const LF = 0x0a

/**
 * `VT` + payload + `FS CR`, ready for the wire.
 *
 * @param bytes the payload; it is copied
 */
export function encodeFrame(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(bytes.length + 3)
  frame[0] = VT
  frame.set(bytes, 1)
  frame[bytes.length + 1] = FS
  frame[bytes.length + 2] = CR
  return frame
}

/**
 * Several payloads as one run of frames, so that replies that are ready together leave in one write.
 */
export function encodeFrames(payloads: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const payload of payloads) size += payload.length + 3
  const run = new Uint8Array(size)
  let at = 0
  for (const payload of payloads) {
    run[at] = VT
    run.set(payload, at + 1)
    at += payload.length + 3
    run[at - 2] = FS
    run[at - 1] = CR
  }
  return run
}
