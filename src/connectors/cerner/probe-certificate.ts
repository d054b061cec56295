import { checkServerIdentity } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import { count, failed, passed, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

export interface SeenCertificate {
  /** Whom we meant to reach. */
  host: string
  certificate: Pick<
    PeerCertificate,
    'subject' | 'issuer' | 'valid_from' | 'valid_to' | 'subjectaltname' | 'raw'
  >
  /** OpenSSL's code when the chain does not hold, or Node's when the name does not; empty when all is well. */
  untrusted: string
  /** `TLSv1.3` */
  protocol: string
}

const DAY_MS = 86_400_000
const EXPIRES_SOON_DAYS = 30

/** Judges the certificate of a server: dates first, then whom it names, then who vouches for it. */
export function judgeCertificate(seen: SeenCertificate, nowMs: number): Finding {
  const { certificate, host, untrusted } = seen
  const untilMs = Date.parse(certificate.valid_to)
  const daysLeft = Math.floor((untilMs - nowMs) / DAY_MS)
  const evidence = evidenceOf(seen, daysLeft)
  // OpenSSL looks at the dates by the clock of this machine, whatever clock we were handed.
  if (daysLeft < 0 || untrusted === 'CERT_HAS_EXPIRED') return expired(evidence, host, untilMs)
  if (Date.parse(certificate.valid_from) > nowMs) return early(evidence, host)
  const misnamed = checkServerIdentity(host, certificate as PeerCertificate) !== undefined
  if (misnamed) return otherName(evidence, host, certificate)
  if (untrusted !== '') return notTrusted(evidence, untrusted, host, nameIn(certificate.issuer))
  if (daysLeft < EXPIRES_SOON_DAYS)
    return warning({
      evidence,
      meaning: `The certificate runs out in ${count(daysLeft, 'day')}; after that nothing will be sent.`,
      remedy: 'Ask who runs the server when the new certificate comes.',
      acts: 'cerner',
      ask: `Renew the certificate of ${host} before ${dayOf(untilMs)}.`,
    })
  return passed(evidence, 'We talk to the server that we mean, and nobody reads along.')
}

function evidenceOf({ certificate, protocol, untrusted }: SeenCertificate, daysLeft: number): string {
  const { subject, issuer, valid_to: until } = certificate
  const left = daysLeft < 0 ? `ended ${count(-daysLeft, 'day')} ago` : `${count(daysLeft, 'day')} left`
  const chain = untrusted === '' ? '' : ` ${untrusted}.`
  return `${protocol}; certificate of ${nameIn(subject)}, issued by ${nameIn(issuer)}, valid until ${dayOf(Date.parse(until))} (${left}).${chain}`
}

function expired(evidence: string, host: string, untilMs: number): Finding {
  return failed({
    evidence,
    meaning: `The certificate of the server expired on ${dayOf(untilMs)}.`,
    remedy:
      'Send the ticket to who runs the server. Check the date of this machine too, if others can connect.',
    acts: 'cerner',
    ask: `Renew the certificate of ${host}.`,
  })
}

function early(evidence: string, host: string): Finding {
  return failed({
    evidence,
    meaning: 'The certificate of the server is not valid yet by the clock of this machine.',
    remedy: 'Check date and time of this machine. If they are right, send the ticket to who runs the server.',
    acts: 'practice',
    ask: `Check the first day of the certificate of ${host}.`,
  })
}

function otherName(evidence: string, host: string, certificate: SeenCertificate['certificate']): Finding {
  const names = certificate.subjectaltname ?? nameIn(certificate.subject)
  return failed({
    evidence: `${evidence} It is for ${names}.`,
    meaning: `The certificate is for another name than ${host}, so it is not the server that we mean.`,
    remedy: 'Use the host name that Cerner gave. An alias or a bare address is not in its certificate.',
    acts: 'practice',
    ask: `Tell us the host name to use, or add ${host} to the certificate.`,
  })
}

const SELF_SIGNED = /^DEPTH_ZERO_SELF_SIGNED/

function notTrusted(evidence: string, code: string, host: string, issuer: string): Finding {
  if (SELF_SIGNED.test(code))
    return failed({
      evidence,
      meaning: 'The certificate is self-signed: nobody but the server itself vouches for it.',
      remedy:
        'Ask the network team who answers at this address. A sandbox’s own certificate can be given under Trusted authorities.',
      acts: 'network',
      ask: `Tell us who answers at ${host} with a certificate of its own, or let us through to the server itself.`,
    })
  return failed({
    evidence,
    meaning: `The certificate is issued by ${issuer}, an authority that is not trusted here, as a proxy does that opens TLS.`,
    remedy:
      'Ask the network team to let this host through unopened, or give the PEM of that authority under Trusted authorities.',
    acts: 'network',
    ask: `Let TLS to ${host} through unopened, or give us the certificate of the authority that signs for it.`,
  })
}

/** The common name, else the organization. */
function nameIn(name: PeerCertificate['subject'] | undefined): string {
  const read = name?.CN ?? name?.O ?? 'nobody'
  return Array.isArray(read) ? (read[0] ?? 'nobody') : read
}

const dayOf = (ms: number): string =>
  Number.isNaN(ms) ? 'an unknown day' : new Date(ms).toISOString().slice(0, 10)
