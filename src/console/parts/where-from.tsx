import { Popover } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Provenance } from '../../contract/common.ts'
import { Facts } from './inspector.tsx'
import { Time } from './time.tsx'

/** The place a value came from (`PID-5.1`); pressed, it tells connection, time and exchange. */
export function WhereFrom({ field, from }: { field: string; from: Provenance | undefined }) {
  if (from === undefined) return null
  return (
    <Popover width={300} position="bottom-end" withinPortal trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className="place" aria-label={`Where ${field} is from: ${from.place}`}>
          {from.place}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={`Where ${field} is from`}>
        <Facts
          rows={[
            ['Field', field],
            ['Connection', from.connection_name],
            ['Channel', channelName(from.channel)],
            [
              'Place',
              <span className="mono" key="place">
                {from.place}
              </span>,
            ],
            ['True as of', <Time key="time" at={from.as_of} shape="stamp" />],
            [
              'Exchange',
              from.exchange_id === null ? (
                'Entered in Practice Studio'
              ) : (
                <Link key="exchange" to="/exchanges/$id" params={{ id: from.exchange_id }}>
                  Open the message
                </Link>
              ),
            ],
          ]}
        />
      </Popover.Dropdown>
    </Popover>
  )
}

// prettier-ignore
const CHANNELS: Record<string, string> = {
  hl7v2: 'HL7 v2', cerner: 'Cerner FHIR', fhir: 'FHIR R4', millennium: 'Millennium services', files: 'Files', ccl: 'CCL', healtheintent: 'HealtheIntent',
}
export const channelName = (channel: string): string => CHANNELS[channel] ?? channel
