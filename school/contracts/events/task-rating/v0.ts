/** TaskRating, version 0. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'TaskRating',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: {
        task_id: {
          type: 'string',
        },
        rating: {
          type: 'integer',
        },
        outcome_id: {
          type: 'string',
        },
      },
      required: ['task_id', 'rating', 'outcome_id'],
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
          enum: ['TaskRating'],
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
