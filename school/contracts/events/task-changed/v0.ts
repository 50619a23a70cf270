/** TaskChanged, version 0. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'TaskChanged',
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
        title: {
          type: 'string',
        },
        text: {
          type: 'string',
        },
        questions: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              question: {
                type: 'string',
              },
              answer: {
                type: 'string',
              },
            },
            required: ['question', 'answer'],
          },
        },
      },
      required: ['task_id', 'creator_id', 'title', 'text', 'questions'],
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
          enum: ['TaskChanged'],
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
