/** TaskReworkRequested, version 0. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'TaskReworkRequested',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: {
        task_id: {
          type: 'string',
        },
        solved_count: {
          type: 'integer',
        },
      },
      required: ['task_id', 'solved_count'],
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
          enum: ['TaskReworkRequested'],
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
