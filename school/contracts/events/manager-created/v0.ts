/** ManagerCreated, version 0. Given by the requirements; a test holds it to them. Released: never edited. */
export default {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'ManagerCreated',
  type: 'object',
  properties: {
    payload: {
      type: 'object',
      properties: {
        manager_id: {
          type: 'string',
        },
        first_name: {
          type: 'string',
        },
        last_name: {
          type: 'string',
        },
        account_id: {
          type: 'string',
        },
      },
      required: ['manager_id', 'first_name', 'last_name', 'account_id'],
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
          enum: ['ManagerCreated'],
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
