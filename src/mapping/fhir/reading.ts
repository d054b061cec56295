import type { Identifier } from '../../model/values.ts'
import { readReference } from '../../standards/fhir/reference.ts'
import { Reading } from '../reading.ts'
import type { Instant } from '../../kernel/calendar-date.ts'
import { elementIn, elementsIn, textIn } from './elements.ts'
import { readFhirInstant } from './moment.ts'
import type { FhirElement, FhirResource } from './json.ts'
import { FHIR_ID } from './settings.ts'
import type { FhirMapSettings } from './settings.ts'

/** One resource being read: what codecs need to know about it, and where they leave their warnings. */
export class FhirReading extends Reading {
  readonly fhir: FhirMapSettings
  readonly resource: FhirResource
  /** When the resource was read, for periods that have ended. */
  readonly nowMs: number

  constructor(settings: FhirMapSettings, resource: FhirResource, nowMs: number) {
    super(settings, 'fhir')
    this.fhir = settings
    this.resource = resource
    this.nowMs = nowMs
  }

  override refuse(expected: string): undefined {
    this.warn('FHIR_RESOURCE_INVALID', { place: this.place, expected })
    return undefined
  }

  /**
   * The authority of an identifier's system, named as HL7 messages name it: the alias of the whole system, of the bare
   * OID or UUID, else the OID itself, which is what HL7 keeps of a universal id without a namespace. '' without one.
   */
  authorityOfSystem(system: string): string {
    const whole = system.trim()
    if (whole === '') return ''
    const alias = this.authorityOf(whole, '', '')
    if (alias !== whole.toUpperCase()) return alias
    return this.authorityOf('', whole.replace(/^urn:(?:oid|uuid):/i, ''), 'ISO')
  }

  /** The authority of a system that has an alias, else the one given: where HL7 names a number by a setting. */
  authorityOr(system: string, otherwise: string): string {
    const named = this.authorityOfSystem(system)
    const isAliased = system !== '' && named !== system.replace(/^urn:(?:oid|uuid):/i, '').toUpperCase()
    return isAliased ? named : otherwise.trim().toUpperCase()
  }

  /** When this version of the resource was reported: meta.lastUpdated, else issued, else when it was read. */
  updatedAt(): Instant {
    const updated = readFhirInstant(textIn(elementIn(this.resource, 'meta'), 'lastUpdated'))
    return updated ?? readFhirInstant(textIn(this.resource, 'issued')) ?? new Date(this.nowMs).toISOString()
  }

  /** A logical id as an identifier of the tenant. */
  fhirId(id: string): Identifier {
    return { value: id, authority: this.fhir.source, type: FHIR_ID }
  }

  /**
   * The id of a reference to a resource of that type, `Patient/123` or whole with our base; undefined for another
   * type, another server, a contained resource or words only.
   */
  idOf(reference: FhirElement | undefined, type: string): string | undefined {
    const found = this.target(reference)
    return found?.type === type ? found.id : undefined
  }

  target(reference: FhirElement | undefined): { type: string; id: string } | undefined {
    const target = readReference(textIn(reference, 'reference'), this.fhir.base)
    return target?.kind === 'local' ? target : undefined
  }

  /** The contained resource that a reference points at. */
  contained(reference: FhirElement | undefined): FhirElement | undefined {
    const text = textIn(reference, 'reference')
    if (!text.startsWith('#')) return undefined
    return elementsIn(this.resource, 'contained').find((one) => textIn(one, 'id') === text.slice(1))
  }
}
