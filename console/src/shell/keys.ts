import { useEffect, useRef } from 'react'

/** How long the second key of `g m` may take. */
const sequenceMsMax = 1_000

/**
 * Keys of the page: `p`, `?`, `g m`. Silent while one writes, while a dialog is open, and with Ctrl, Alt or Meta, which
 * belong to the browser.
 */
export function useKeys(bindings: Readonly<Record<string, () => void>>): void {
  const latest = useRef(bindings)
  useEffect(() => {
    latest.current = bindings
  })
  useEffect(() => {
    let before: { readonly key: string; readonly at: number } | undefined
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isBusy(event.target)) return
      const sequence = before !== undefined && event.timeStamp - before.at < sequenceMsMax ? `${before.key} ${event.key}` : ''
      before = { key: event.key, at: event.timeStamp }
      const binding = latest.current[sequence] ?? latest.current[event.key]
      if (binding === undefined) return
      event.preventDefault()
      before = undefined
      binding()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
}

function isBusy(target: EventTarget | null): boolean {
  if (target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select') !== null)) return true
  return document.querySelector('[role="dialog"]') !== null
}

/** `j` and `k` move through the rows marked `data-row` of the element with this id; `Enter` is the focused link's own. */
export function useRows(id: string): void {
  const move = (by: 1 | -1): void => {
    const rows = [...document.querySelectorAll<HTMLElement>(`#${id} [data-row]`)]
    const at = rows.findIndex(row => row === document.activeElement)
    const next = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]
    next?.focus()
    next?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({ j: () => move(1), k: () => move(-1) })
}
