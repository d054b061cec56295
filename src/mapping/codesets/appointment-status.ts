import { codeSet } from '../code-set.ts'

/**
 * Filler status of an appointment (SCH-25, table 0278) and of its resources. `Blocked` is missing because it is no
 * status of an appointment: map-siu.ts leaves such a message out (hl7-v2.md §10.1).
 */
// prettier-ignore
export const appointmentStatus = codeSet('appointment-status', { v2: 'HL70278', fhir: 'appointmentstatus', millennium: 14233 }, [
// studio              HL7 v2                                    FHIR                says                also
  ['proposed',         ['Proposed', 'Request'],                 'proposed',         'Proposed',         ['Requested']],
  ['pending',          ['Pending', 'Hold'],                     'pending',          'Pending',          ['Held', 'Tentative']],
  ['waitlist',         ['Waitlist', 'Standby'],                 'waitlist',         'Waitlist',         ['Wait list']],
  ['booked',           ['Booked', 'Overbook', 'Scheduled', 'Confirmed'], 'booked',  'Booked',           ['Rescheduled']],
  ['arrived',          ['Arrived'],                             'arrived',          'Arrived',          []],
  ['checked-in',       ['Started', 'Checked In', 'CheckedIn'],  'checked-in',       'Checked in',       ['Check in', 'In progress']],
  ['fulfilled',        ['Complete', 'Checked Out', 'Finalized'],'fulfilled',        'Complete',         ['Completed', 'CheckedOut', 'Fulfilled']],
  ['cancelled',        ['Cancelled', 'Discontinued', 'Dc', 'Canceled'], 'cancelled','Cancelled',        ['Cancel']],
  ['noshow',           ['Noshow'],                              'noshow',           'No-show',          ['No show', 'No-show']],
  ['entered-in-error', ['Deleted'],                             'entered-in-error', 'Entered in error', []],
])
