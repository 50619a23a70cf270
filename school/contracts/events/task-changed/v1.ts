import v0 from './v0.ts'

/** TaskChanged, version 1: the title in two parts. Released: never edited. */
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
        text: { type: 'string' },
        questions: v0.properties.payload.properties.questions,
      },
      required: ['task_id', 'creator_id', 'title', 'text', 'questions'],
    },
    meta: {
      ...v0.properties.meta,
      properties: { ...v0.properties.meta.properties, event_version: { enum: [1] } },
    },
  },
} as const
