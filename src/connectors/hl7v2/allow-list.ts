import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Tells whether an address may connect. */
export type AllowList = (address: string) => boolean

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** An address as people write it: IPv4 out of its IPv6 coat (`::ffff:10.0.0.1`), without a zone (`%eth0`). */
export function plainAddress(address: string): string {
  const bare = address.split('%')[0] ?? ''
  return MAPPED.exec(bare)?.[1] ?? bare
}

/**
 * @param entries addresses and CIDR ranges of both families; empty allows every address
 */
export function allowList(entries: readonly string[]): AllowList {
  if (entries.length === 0) return () => true
  const allowed = new BlockList()
  for (const entry of entries) addEntry(allowed, entry)
  return (address) => {
    const plain = plainAddress(address)
    return isIPv4(plain) ? allowed.check(plain, 'ipv4') : isIPv6(plain) && allowed.check(plain, 'ipv6')
  }
}

function addEntry(allowed: BlockList, entry: string): void {
  const [written = '', bits] = entry.split('/')
  const address = plainAddress(written)
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (bits === undefined) {
    allowed.addAddress(address, family)
    return
  }
  // A range written in IPv6 clothes (::ffff:10.0.0.0/104) counts the 96 bits of the coat too.
  const coat = address === written ? 0 : 96
  allowed.addSubnet(address, Math.max(0, Number(bits) - coat), family)
}
