/** The guide's two sample bodies. @see cerner-integration-guide.md "Sample API Calls" */

/** The guide's booking, to the letter. */
export const GUIDE_BOOKING = `{
  "resourceType": "Appointment",
  "status": "booked",
  "description": "Annual physical examination",
  "start": "2023-06-15T09:00:00Z",
  "end": "2023-06-15T09:30:00Z",
  "participant": [
    {
      "actor": {
        "reference": "Patient/1234567",
        "display": "Smith, John"
      },
      "status": "accepted"
    },
    {
      "actor": {
        "reference": "Practitioner/9876543",
        "display": "Dr. Jane Johnson"
      },
      "status": "accepted"
    }
  ]
}`

/** The guide's search, to the letter. */
export const GUIDE_SEARCH = `{
  "resourceType": "Parameters",
  "parameter": [
    {
      "name": "family",
      "valueString": "Smith"
    },
    {
      "name": "given",
      "valueString": "John"
    }
  ]
}`
