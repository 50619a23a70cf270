import { MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import '@mantine/spotlight/styles.css'
import '@xyflow/react/dist/base.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './operator/engine.ts'
import { router } from './router.tsx'
import './theme/fonts.css'
import { cssVariables, theme } from './theme/theme.ts'
import './theme/tokens.css'
import { startWords } from './words/language.ts'

await startWords()
const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root')
createRoot(place).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
