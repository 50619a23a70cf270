/** CandidateRegistered, version 0. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'CandidateRegistered',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: {
        candidate_id: {
          type: 'string',
        },
        name: {
          type: 'string',
        },
      },
      required: ['candidate_id', 'name'],
    },
    meta: {
      type: 'object',
      properties: {
        event_id: {
          type: 'string',
        },
        event_version: {
          enum: [0],
        },
        event_name: {
          enum: ['CandidateRegistered'],
        },
        produced_at: {
          type: 'string',
        },
      },
      required: ['event_id', 'event_version', 'event_name', 'produced_at'],
    },
  },
  required: ['payload', 'meta'],
} as const
