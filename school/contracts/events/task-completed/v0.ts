/** TaskCompleted, version 0. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'TaskCompleted',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: {
        task_id: {
          type: 'string',
        },
        creator_id: {
          type: 'string',
        },
        candidate_id: {
          type: 'string',
        },
      },
      required: ['task_id', 'creator_id', 'candidate_id'],
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
          enum: ['TaskCompleted'],
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
