import { useSyncExternalStore } from 'react'

/** Whether this browser is signed in, as far as the engine has told. */
export type Session = { readonly state: 'unknown' | 'out' | 'away' } | { readonly state: 'in'; readonly who: string }

let session: Session = { state: 'unknown' }
const listeners = new Set<() => void>()

export function setSession(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

export const getSession = (): Session => session

export const useSession = (): Session =>
  useSyncExternalStore(listener => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, getSession)
