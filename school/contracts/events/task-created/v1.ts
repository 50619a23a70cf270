import v0 from './v0.ts'

/** TaskCreated, version 1: the title in two parts. Released: never edited. */
export default {
  ...v0,
  properties: {
    payload: {
      type: 'object',
      properties: {
        task_id: { type: 'string' },
        creator_id: { type: 'string' },
        knowledge_area: { type: 'string' },
        title: { type: 'string' },
        title_raw: { type: 'string' },
      },
      required: ['task_id', 'creator_id', 'title'],
    },
    meta: {
      ...v0.properties.meta,
      properties: { ...v0.properties.meta.properties, event_version: { enum: [1] } },
    },
  },
} as const
