import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconBan,
  IconCalendarCheck,
  IconCheck,
  IconChecks,
  IconCircleDashed,
  IconClock,
  IconCopy,
  IconDoorEnter,
  IconEyeOff,
  IconHourglassLow,
  IconInbox,
  IconQuestionMark,
  IconRefresh,
  IconSend,
  IconUserX,
  IconX,
  type Icon,
} from '@tabler/icons-react'
import type { ExchangeState } from '../../contract/exchanges.ts'

export type Tone = 'ok' | 'info' | 'warn' | 'bad' | 'mute' | 'twin'
interface Look {
  label: string
  tone: Tone
  icon: Icon
}

/** What became of a message. Told by word and sign, never by colour alone. */
// prettier-ignore
export const EXCHANGE_LOOKS: Record<ExchangeState, Look & { means: string }> = {
  received:  { label: 'Received',  tone: 'info', icon: IconInbox,         means: 'Stored and acknowledged, waiting for its turn.' },
  applied:   { label: 'Applied',   tone: 'ok',   icon: IconCheck,         means: 'Read, mapped and written to our records.' },
  ignored:   { label: 'Ignored',   tone: 'mute', icon: IconEyeOff,        means: 'Kept, and by the rules of the connection nothing to do.' },
  retrying:  { label: 'Retrying',  tone: 'warn', icon: IconRefresh,       means: 'Tried again by itself, later.' },
  parked:    { label: 'Parked',    tone: 'bad',  icon: IconAlertTriangle, means: 'Needs a person; the link keeps flowing.' },
  duplicate: { label: 'Duplicate', tone: 'twin', icon: IconCopy,          means: 'A repeat; the first answer was sent again.' },
  resolved:  { label: 'Resolved',  tone: 'mute', icon: IconArrowBackUp,   means: 'Was parked; a replay or a decision closed it.' },
  queued:    { label: 'Queued',    tone: 'info', icon: IconHourglassLow,  means: 'A change of ours, waiting for its turn to be sent.' },
  sent:      { label: 'Sent',      tone: 'info', icon: IconSend,          means: 'On its way; the other side has not answered yet.' },
  accepted:  { label: 'Accepted',  tone: 'ok',   icon: IconChecks,        means: 'The other side answered, and all is well.' },
  ambiguous: { label: 'Unsure',    tone: 'warn', icon: IconQuestionMark,  means: 'No clear answer came: it may have been done. It is looked up before it is sent again.' },
  cancelled: { label: 'Withdrawn', tone: 'mute', icon: IconBan,           means: 'Withdrawn here before the other side had it.' },
}

// prettier-ignore
const APPOINTMENT_LOOKS: Record<string, Look> = {
  proposed:           { label: 'Proposed',   tone: 'mute', icon: IconCircleDashed },
  pending:            { label: 'Pending',    tone: 'warn', icon: IconClock },
  booked:             { label: 'Booked',     tone: 'info', icon: IconCalendarCheck },
  arrived:            { label: 'Arrived',    tone: 'ok',   icon: IconDoorEnter },
  'checked-in':       { label: 'Checked in', tone: 'ok',   icon: IconDoorEnter },
  fulfilled:          { label: 'Seen',       tone: 'mute', icon: IconCheck },
  cancelled:          { label: 'Cancelled',  tone: 'bad',  icon: IconX },
  noshow:             { label: 'No show',    tone: 'twin', icon: IconUserX },
  waitlist:           { label: 'Wait list',  tone: 'warn', icon: IconClock },
  'entered-in-error': { label: 'In error',   tone: 'bad',  icon: IconX },
}
export const appointmentLook = (status: string): Look =>
  APPOINTMENT_LOOKS[status] ?? { label: status, tone: 'mute', icon: IconCircleDashed }

function Pill({ look: { label, tone, icon: Sign }, title }: { look: Look; title?: string }) {
  return (
    <span className="pill" data-tone={tone} title={title}>
      <Sign size={13} stroke={2} aria-hidden="true" />
      {label}
    </span>
  )
}
export const StatePill = ({ state }: { state: ExchangeState }) => (
  <Pill look={EXCHANGE_LOOKS[state]} title={EXCHANGE_LOOKS[state].means} />
)
export const AppointmentPill = ({ status }: { status: string }) => <Pill look={appointmentLook(status)} />

// prettier-ignore
const STATUS_TONES: Record<string, Tone> = {
  final: 'ok', finished: 'mute', 'in-progress': 'info', planned: 'info', preliminary: 'warn', partial: 'warn',
  registered: 'info', corrected: 'twin', amended: 'twin', cancelled: 'bad', 'entered-in-error': 'bad',
}
/** Status of a visit, report or result line, in words. */
export const StatusText = ({ status }: { status: string }) => (
  <span className="pill" data-tone={STATUS_TONES[status] ?? 'mute'}>
    {status.replaceAll('-', ' ')}
  </span>
)
