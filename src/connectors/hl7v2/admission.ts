import type { Socket } from 'node:net'
import { IntegrationError } from '../../kernel/errors.ts'
import { allowList, plainAddress } from './allow-list.ts'
import type { Hub } from './hub.ts'

/** Connections turned away, by reason, since the listener opened. */
export interface Refusals {
  notAllowed: number
  tooMany: number
  tooManyPerAddress: number
  /** TLS handshakes that failed. */
  handshakes: number
  /** Times the operating system could not accept (out of file descriptors). */
  accepts: number
}

export interface Admission {
  readonly refused: Refusals
  /** Counts the socket in, or closes it and says why in the log. */
  admit(socket: Socket): boolean
  /** The TLS handshake is over, or none is needed. Gives the far side's name, `address:port`. */
  greeted(socket: Socket): string
  handshakeFailed(error: Error, socket: Socket): void
  acceptFailed(error: Error): void
  /** Closes sockets that are still in their handshake. */
  destroyUnsecured(): void
  destroyAll(): void
}

type Reason = keyof Refusals

// prettier-ignore
const SAYS: Record<Reason, string> = {
  notAllowed: 'A connection was refused: its address is not on the list of allowed addresses.',
  tooMany: 'A connection was refused: the listener has as many as its settings allow.',
  tooManyPerAddress: 'A connection was refused: its address has as many as the settings allow.',
  handshakes: 'A connection was refused: the TLS handshake failed.',
  accepts: 'A connection could not be accepted by the operating system.',
}

// What OpenSSL says when the first bytes are no TLS record.
const PLAIN_CLIENT = /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL)/
const HTTP_CLIENT = /ERR_SSL_(HTTP_REQUEST|HTTPS_PROXY_REQUEST)/

/** Decides who may connect: allow-list, connections per listener, connections per address. */
export function openAdmission(hub: Hub): Admission {
  const { settings, connectionId, clock, log } = hub
  const isAllowed = allowList(settings.allow)
  const refused: Refusals = { notAllowed: 0, tooMany: 0, tooManyPerAddress: 0, handshakes: 0, accepts: 0 }
  const perAddress = new Map<string, number>()
  const sockets = new Set<Socket>()
  const unsecured = new Set<Socket>()
  const unnamed: string[] = []
  const justClosed: string[] = []

  const tell = (reason: Reason, address: string, fields: object = {}): void => {
    refused[reason]++
    log.warn(`${reason} ${address}`, clock.now(), { connectionId, remote: address, ...fields }, SAYS[reason])
  }

  const reasonAgainst = (address: string): Reason | null => {
    if (!isAllowed(address)) return 'notAllowed'
    if (sockets.size >= settings.maxConnections) return 'tooMany'
    return (perAddress.get(address) ?? 0) >= settings.maxPerAddress ? 'tooManyPerAddress' : null
  }

  // The plain socket under a TLS one has the same far side.
  const secured = ({ remoteAddress, remotePort }: Socket): void => {
    for (const raw of unsecured) {
      if (raw.remotePort === remotePort && raw.remoteAddress === remoteAddress) unsecured.delete(raw)
    }
  }

  // A TLS socket that was reset has forgotten its address, and the plain socket under it does not know why it closed.
  // Whichever is told first waits here for the other.
  const closedUnsecured = (address: string): void => {
    const reason = unnamed.shift()
    if (reason !== undefined) {
      tell('handshakes', address, { reason })
      return
    }
    justClosed.push(address)
    setImmediate(() => justClosed.splice(0))
  }

  const countIn = (socket: Socket, address: string): void => {
    sockets.add(socket)
    if (settings.tls.enabled) unsecured.add(socket)
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1)
    socket.once('close', () => {
      sockets.delete(socket)
      if (unsecured.delete(socket)) closedUnsecured(address)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left > 0) perAddress.set(address, left)
      else perAddress.delete(address)
    })
  }

  const tellWrongPeer = (speaks: string, address: string): void => {
    hub.totals.wrongPeers++
    const { code, message } = new IntegrationError('MLLP_WRONG_PEER', { speaks, expected: 'TLS' })
    log.warn(`${code} ${address}`, clock.now(), { connectionId, remote: address, code }, message)
  }

  return {
    refused,
    admit(socket) {
      // A socket without a listener for errors would end the process when its peer resets it.
      socket.on('error', () => undefined)
      const address = plainAddress(socket.remoteAddress ?? '')
      const reason = address === '' ? null : reasonAgainst(address)
      if (reason) tell(reason, address)
      if (address === '' || reason) {
        socket.destroy()
        return false
      }
      countIn(socket, address)
      return true
    },
    greeted(socket) {
      socket.on('error', () => undefined)
      secured(socket)
      const address = plainAddress(socket.remoteAddress ?? '')
      return `${address.includes(':') ? `[${address}]` : address}:${socket.remotePort ?? 0}`
    },
    handshakeFailed(error, socket) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
      const speaks = HTTP_CLIENT.test(code) ? 'HTTP' : PLAIN_CLIENT.test(code) ? 'plain text' : null
      const address = plainAddress(socket.remoteAddress ?? '') || (justClosed.shift() ?? '')
      if (address === '') unnamed.push(code)
      else secured(socket)
      if (speaks) tellWrongPeer(speaks, address)
      else if (address !== '') tell('handshakes', address, { reason: code })
      socket.destroy()
    },
    acceptFailed(error) {
      tell('accepts', '', { reason: (error as NodeJS.ErrnoException).code ?? 'unknown' })
    },
    destroyUnsecured() {
      const strangers = [...unsecured]
      unsecured.clear()
      for (const socket of strangers) socket.destroy()
    },
    destroyAll() {
      for (const socket of sockets) socket.destroy()
    },
  }
}
