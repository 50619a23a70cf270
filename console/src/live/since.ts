import { useState } from 'react'

/** Since when this has been so, as seen from here: the engine tells what is wrong, not since when. */
export function useSince(thing: string | null): string {
  const [seen, setSeen] = useState({ thing, at: new Date().toISOString() })
  if (seen.thing !== thing) setSeen({ thing, at: new Date().toISOString() })
  return seen.at
}
