import { reading } from '../messages.setup.ts'
import { cellOf } from '../codec.ts'
import type { Components, LeafCodec, PartsCodec } from '../codec.ts'
import type { MapSettings } from '../settings.ts'

export const codecReading = reading

/** Reads one value, with the codes of the warnings it left. */
export function readOne<T>(
  codec: LeafCodec<T> | PartsCodec<T>,
  written: string | Components,
  settings: Partial<MapSettings> = {},
): { value: T | undefined; warnings: string[] } {
  const at = reading(settings)
  const value = codec.kind === 'leaf' ? codec.read(written as string, at) : codec.read(cellOf(written), at)
  return { value, warnings: at.warnings.map(({ code }) => code) }
}
