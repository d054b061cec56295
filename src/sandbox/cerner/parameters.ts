import type { Parameter, SearchRule } from './base.ts'

/** Parameters as the CapabilityStatement words them. */
const ID = (type: string): Parameter => ({
  name: '_id',
  type: 'token',
  documentation: `A single or comma separated list of ${type} ids. It is a required field if the patient field is not given.`,
})
const KNOWN: Readonly<Record<string, Omit<Parameter, 'name'>>> = {
  patient: {
    type: 'reference',
    documentation: 'Who the record is about. It is a required field if the _id field is not given.',
  },
  subject: {
    type: 'reference',
    documentation:
      'Who the record is about. It is a required field if the _id and patient fields are not given.',
  },
  encounter: { type: 'reference', documentation: 'The encounter of the patient.' },
  date: { type: 'date', documentation: 'A date range, once with a prefix, or twice to form a closed range.' },
  period: { type: 'date', documentation: "A date range, once with 'ge' and once with 'lt'." },
  category: { type: 'token', documentation: 'The category of the record.' },
  code: { type: 'token', documentation: 'The code of the record.' },
  type: { type: 'token', documentation: 'The kind of the record.' },
  status: { type: 'token', documentation: 'The status of the record.' },
  'clinical-status': { type: 'token', documentation: 'The clinical status of the record.' },
  identifier: { type: 'token', documentation: 'An identifier of the record.' },
  _lastUpdated: {
    type: 'date',
    documentation: 'When the record last changed in a clinically significant way, with a time component.',
  },
  _count: { type: 'number', documentation: 'The maximum number of results to return in a page.' },
}

/** A rule from the names of its parameters. */
export const rule = (
  type: string,
  names: string,
  required: readonly string[],
  count: SearchRule['count'],
  more: Partial<SearchRule> = {},
): SearchRule => ({
  parameters: names.split(' ').map((name) =>
    name === '_id'
      ? ID(type)
      : {
          name,
          ...(KNOWN[name] ?? { type: 'token' as const, documentation: `The ${name} of the record.` }),
        },
  ),
  required,
  count,
  ...more,
})

export const PROVENANCE: Pick<SearchRule, 'revinclude'> = { revinclude: ['Provenance:target'] }
