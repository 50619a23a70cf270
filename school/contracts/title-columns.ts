import { type ColumnChange, defineColumns } from 'cutover/contract/columns'
import { oldTitle, titleLens } from './title.ts'

/** US-160: the title of a task in two columns, in every table that has it. */
export const splitTitle = 'US-160'

/** The change of one table's `title`. */
export const titleColumns = (table: string, key: string): ColumnChange =>
  defineColumns({
    change: splitTitle,
    table,
    cursor: { column: key, type: 'text' },
    old: 'title',
    required: 'title_text',
    optional: ['knowledge_area', 'title_raw'],
    lens: {
      up(written) {
        const { title, ...more } = titleLens.up({ title: written })
        return { title_text: title, ...more }
      },
      down: ({ title_text: title = '', ...more }) => oldTitle({ title, ...more }),
    },
    oldSql: of =>
      `coalesce(${of}title_raw, case when ${of}knowledge_area is null then ${of}title_text else '[' || ${of}knowledge_area || '] ' || ${of}title_text end)`,
  })
