import type { Listener } from '../connectors/hl7v2/receive.ts'

/** How a listener that does not run is shown. */
export const STOPPED = { address: null, peers: [], last_heard_at: null, refused: 0, noise: 0 }

/** A running listener as the settings page shows it. */
export function stateOf(listener: Listener) {
  const stats = listener.stats()
  const heard = stats.connections.map((peer) => peer.lastHeardAt).filter((ms) => ms > 0)
  const last = Math.max(0, ...heard, stats.lastHeardAt ?? 0)
  return {
    address: `${listener.address.host}:${listener.address.port}`,
    peers: stats.connections.map((peer) => ({
      remote: peer.remote,
      since: instantOf(peer.since),
      last_heard_at: peer.lastHeardAt > 0 ? instantOf(peer.lastHeardAt) : null,
      frames: peer.frames,
      noise: peer.noise,
    })),
    last_heard_at: last > 0 ? instantOf(last) : null,
    refused: Object.values(stats.refused).reduce((sum, count) => sum + count, 0),
    noise: stats.noiseBytes,
  }
}

const instantOf = (ms: number): string => new Date(ms).toISOString()
