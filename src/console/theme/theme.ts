import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core'

// Neutrals carry a little of the brand's green, so that greys and pine sit together in both schemes.
const pine: MantineColorsTuple = [
  '#e6f5f2',
  '#cfeae5',
  '#a3d8cf',
  '#7fd6c8',
  '#4fb8a9',
  '#2f9b8f',
  '#1b7f77',
  '#0f6964',
  '#0b5551',
  '#083f3d',
]
const marigold: MantineColorsTuple = [
  '#fdf5e2',
  '#fae9c3',
  '#f6d588',
  '#f2b544',
  '#e09d22',
  '#c08011',
  '#9a6408',
  '#7d5005',
  '#644004',
  '#4b3003',
]
const brick: MantineColorsTuple = [
  '#fceeeb',
  '#f8d9d3',
  '#f0b1a6',
  '#ea8d7e',
  '#e06b59',
  '#cf4c38',
  '#b53a28',
  '#982d1e',
  '#7b2418',
  '#5e1b12',
]
const sky: MantineColorsTuple = [
  '#e9f2fb',
  '#d3e4f6',
  '#a8c9ec',
  '#82b2e4',
  '#5b98d8',
  '#3d7fc5',
  '#2b69ad',
  '#215591',
  '#194373',
  '#123256',
]
const plum: MantineColorsTuple = [
  '#f5eff9',
  '#e7dbf0',
  '#cfb8e1',
  '#b898d2',
  '#a17cc2',
  '#8a62af',
  '#744d98',
  '#5f3d7e',
  '#4b3063',
  '#37234a',
]
const gray: MantineColorsTuple = [
  '#f5f8f7',
  '#edf1f0',
  '#e2e8e6',
  '#d2dad8',
  '#b6c1be',
  '#8a9894',
  '#5b6965',
  '#45524e',
  '#2e3937',
  '#182220',
]
const dark: MantineColorsTuple = [
  '#d9e2df',
  '#b9c5c1',
  '#97a6a1',
  '#6f7f7a',
  '#36433f',
  '#28332f',
  '#1b2523',
  '#121a19',
  '#0d1413',
  '#080d0c',
]

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 7, dark: 3 },
  // The filled brand colour is light in the dark scheme, so what stands on it is dark there.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input)
    return input.variant === 'filled' && (input.color ?? 'pine') === 'pine'
      ? { ...colors, color: 'var(--on-brand)' }
      : colors
  },
  colors: { pine, marigold, brick, sky, plum, gray, dark },
  black: '#14201e',
  defaultRadius: 'sm',
  radius: { xs: '3px', sm: '5px', md: '8px', lg: '12px', xl: '20px' },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.1875rem' },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  headings: {
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontWeight: '640',
    sizes: {
      h1: { fontSize: '1.375rem', lineHeight: '1.25' },
      h2: { fontSize: '1rem', lineHeight: '1.35' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true } },
    Button: { defaultProps: { size: 'xs' } },
    TextInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm' } },
    Popover: { defaultProps: { shadow: 'md', withArrow: true } },
    Modal: { styles: { title: { fontWeight: 620 } } },
    Drawer: { styles: { title: { fontWeight: 620 } } },
    Menu: { defaultProps: { shadow: 'md' } },
  },
})

/** Mantine's own variables, moved so that text and control borders reach WCAG AA on our surfaces. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f3f6f5',
    '--mantine-color-text': '#14201e',
    '--on-brand': '#ffffff',
    '--mantine-color-dimmed': '#53615d',
    '--mantine-color-default-border': '#c3cdca',
    '--mantine-color-placeholder': '#5b6965',
    '--mantine-color-error': '#982d1e',
    '--mantine-color-anchor': '#0b5f5a',
  },
  dark: {
    '--mantine-color-body': '#0f1716',
    '--mantine-color-text': '#dfe8e5',
    '--on-brand': '#06201e',
    '--mantine-primary-color-contrast': '#06201e',
    '--mantine-color-dimmed': '#9fafaa',
    '--mantine-color-default': '#1b2523',
    '--mantine-color-default-hover': '#222e2b',
    '--mantine-color-default-border': '#3d4b47',
    '--mantine-color-placeholder': '#93a39e',
    '--mantine-color-error': '#f0a092',
    '--mantine-color-anchor': '#7fd6c8',
  },
})
