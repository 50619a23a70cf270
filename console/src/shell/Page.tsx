import { type ReactElement, type ReactNode, useEffect } from 'react'
import { CommandLine } from './CommandLine.tsx'
import styles from './Page.module.css'
import { ZoneSwitch } from './ZoneSwitch.tsx'

interface PageProps {
  readonly title: string
  /** What one would type to see or do the same in a terminal. */
  readonly command: string
  readonly children: ReactNode
}

/** What stands below the header: the content, and the line that says how a terminal would show it. */
export function Page({ title, command, children }: PageProps): ReactElement {
  useEffect(() => {
    document.title = `${title} · Cutover`
  }, [title])
  return (
    <>
      <main id="content" tabIndex={-1} className={styles['main']}>
        {children}
      </main>
      <footer className={styles['footer']}>
        <CommandLine command={command} />
        <ZoneSwitch />
      </footer>
    </>
  )
}
