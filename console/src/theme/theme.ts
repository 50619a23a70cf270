import { Button, type CSSVariablesResolver, Drawer, Modal, type MantineColorsTuple, SegmentedControl, createTheme } from '@mantine/core'

/** Mantine wants ten shades; the ones that show are taken from tokens.css by the resolver below. */
const accent: MantineColorsTuple = [
  '#eef0ff',
  '#dcdfff',
  '#b6bcff',
  '#a3acff',
  '#7d87f0',
  '#5a65df',
  '#3d48c9',
  '#333db0',
  '#2a3295',
  '#20277a',
]

/** The greys of tokens.css, so that what we do not style ourselves has them too. */
const gray: MantineColorsTuple = [
  '#f4f5f7',
  '#eceef2',
  '#d9dde4',
  '#c9cfd8',
  '#b9c0cc',
  '#8b95a5',
  '#626b7a',
  '#4b5462',
  '#2b323d',
  '#161a22',
]
const dark: MantineColorsTuple = [
  '#e8ebf0',
  '#b0b8c4',
  '#949eac',
  '#6b7685',
  '#46515f',
  '#29313c',
  '#1d242d',
  '#161b22',
  '#0e1116',
  '#0b0e13',
]

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  colors: { accent, gray, dark },
  fontFamily: "'IBM Plex Sans Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'IBM Plex Mono', ui-monospace, monospace",
  headings: { fontFamily: "'IBM Plex Sans Variable', system-ui, sans-serif", fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  defaultRadius: 'sm',
  radius: { sm: '6px', md: '10px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Our own pairs of ink and ground: those of the palette are not made for both schemes.
    Button: Button.extend({
      vars: (_theme, { variant = 'filled', color }) => {
        const [ground, ink] = color === 'red' ? ['var(--bad)', 'var(--on-bad)'] : ['var(--accent)', 'var(--on-accent)']
        return {
          root:
            variant === 'filled'
              ? { '--button-bg': ground, '--button-color': ink, '--button-hover': `color-mix(in srgb, ${ground} 85%, var(--ink))` }
              : {},
        }
      },
    }),
    SegmentedControl: SegmentedControl.extend({
      styles: { root: { background: 'var(--still-ground)' }, indicator: { background: 'var(--raised)' } },
    }),
    Modal: Modal.extend({
      styles: {
        content: { background: 'var(--surface)' },
        header: { background: 'var(--surface)' },
        title: { fontSize: 17, fontWeight: 600 },
      },
    }),
    Drawer: Drawer.extend({ styles: { content: { background: 'var(--surface)' } } }),
  },
})

const both = {
  '--mantine-color-body': 'var(--ground)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-soft)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-placeholder': 'var(--ink-faint)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--ground)',
  '--mantine-color-default-border': 'var(--line-strong)',
}

/** In both, because what Mantine sets by scheme is stronger than what it sets for all. */
export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: both, dark: both })
