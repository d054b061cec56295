import { ERRORS } from '../kernel/errors.ts'
import type { ErrorCode, PlacesOf } from '../kernel/errors.ts'
import type { MappingWarning } from '../model/statement.ts'
import { DEFAULT_DELIMITERS } from '../standards/hl7v2/delimiters.ts'
import type { Delimiters } from '../standards/hl7v2/delimiters.ts'
import type { Zones } from '../standards/hl7v2/time.ts'
import { authorityReader } from './authority.ts'
import type { AuthorityReader } from './authority.ts'
import type { CodeSystem } from './code-set.ts'
import { FieldView } from './field-view.ts'
import type { MapSettings } from './settings.ts'

/** One message being read: what codecs need to know about it, and where they leave their warnings. */
export class Reading {
  readonly settings: MapSettings
  readonly standard: CodeSystem
  /** How times without an offset are read: by the offset of MSH-7, else in the connection's zone. */
  readonly zones: Zones
  readonly authorityOf: AuthorityReader
  readonly warnings: MappingWarning[] = []
  /** Where tables read their fields. */
  readonly view: FieldView
  /** The place being read, in the standard's own spelling. */
  place = ''

  constructor(
    settings: MapSettings,
    standard: CodeSystem,
    message: { offset?: string | undefined; delimiters?: Delimiters } = {},
  ) {
    this.settings = settings
    this.standard = standard
    const { offset, delimiters = DEFAULT_DELIMITERS } = message
    this.zones =
      offset === undefined ? { zone: settings.zone } : { zone: settings.zone, messageOffset: offset }
    this.view = new FieldView(delimiters)
    this.authorityOf = authorityReader(settings)
  }

  /** Notes a warning from the error table; the message goes on. */
  warn<C extends ErrorCode>(code: C, at: PlacesOf<C>, place: string = this.place): void {
    const says = (ERRORS[code].says as (at: PlacesOf<C>) => string)(at)
    this.warnings.push({ code, place, says })
  }

  /** Notes that the value at this place is not `expected` (`a date`), and gives undefined: the field is left out. */
  refuse(expected: string): undefined {
    this.warn('HL7_DATA_TYPE', { field: this.place, expected })
    return undefined
  }
}
